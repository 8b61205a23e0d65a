import { describe, expect, it } from '@jest/globals';
import { SendMessageV2, UpdateAndCreateTopic } from '@rocketmq-ts/protocol';
import { newTopic, sendRequest } from './requests.js';
import { BROKER, newWorld, SimulatedBroker } from './simulated-broker.js';
import { ack, ackAll, type PoppedMessage, postpone, startPop } from './pop-requests.js';

/** `POP_SEEDS=from-to` runs other seeds; a failure names its seed. */
const [firstSeed = 1, lastSeed = 3] = (process.env['POP_SEEDS'] ?? '1-3').split('-').map(Number);
const ROUNDS = 4;
const STAY_MS = 2_000;
const SAVE_MS = 700;
/** What the documents promise: stay, slack of the stay, interval of the saver, and what moving on and writing takes. */
const WINDOW_MS = STAY_MS + 2_000 + SAVE_MS + 1_000;
/** Distance from the end of the invisible time up to which an acknowledgement is surely in time. */
const IN_TIME_MS = 300;

const SETTINGS = `
popCkStayBufferTime=${STAY_MS}
flushConsumerOffsetInterval=${SAVE_MS}
`;

type Loss = 'nothing' | 'process' | 'power';

/** A stored copy of a message: what an acknowledgement is about. */
const placeOf = ({ realTopic, queueId, queueOffset }: PoppedMessage): string =>
  `${realTopic}@${queueId}@${queueOffset}`;

/** One broker, killed again and again, producers, and consumers that are slow, forgetful, or change their mind. */
class Campaign {
  private broker!: SimulatedBroker;
  private life = 0;
  private number = 0;
  private readonly killedAtMs: number[] = [];
  /** Messages whose send was answered with success. */
  private readonly promised = new Set<string>();
  private readonly delivered = new Map<string, number>();
  /** By place: when the acknowledgement was answered, in which life. */
  private readonly ackedPlaces = new Map<string, { atMs: number; life: number }>();
  private readonly ackedIds = new Map<string, number>();
  /** Messages about which a consumer said so, in time or not, answered or not. */
  private readonly triedIds = new Set<string>();
  readonly faults: string[] = [];
  comebacks = 0;

  constructor(
    readonly seed: number,
    private readonly loss: Loss,
  ) {}

  async run(): Promise<void> {
    this.broker = await SimulatedBroker.start(this.settings, newWorld(this.seed));
    await this.broker.call(UpdateAndCreateTopic, newTopic('orders'));
    for (let round = 0; round < ROUNDS; round++) {
      await this.load();
      if (this.loss === 'nothing') continue;
      this.life++;
      this.killedAtMs.push(this.nowMs);
      this.broker.kill(this.loss);
      await this.broker.world.clock.advance(200);
      await this.broker.startAgain(this.settings);
    }
    await this.drain();
  }

  private get settings(): string {
    const merge = this.seed % 3 === 0 ? 'enablePopBufferMerge=false\n' : '';
    return SETTINGS + merge + (this.loss === 'power' ? 'flushDiskType=SYNC_FLUSH\n' : '');
  }

  private get nowMs(): number {
    return this.broker.world.clock.nowMs();
  }

  private async load(): Promise<void> {
    const { random } = this.broker.world;
    const bursts = 8 + random.below(16);
    for (let burst = 0; burst < bursts; burst++) {
      for (let i = random.below(8); i > 0; i--) this.send();
      for (let i = random.below(4); i > 0; i--) this.consume(true);
      await this.broker.pass(random.below(1_200));
    }
    for (let i = random.below(6); i > 0; i--) this.send();
    for (let i = random.below(3); i > 0; i--) this.consume(true);
    // Somewhere in the middle of what these do.
    await this.broker.world.clock.advance(random.below(100) / 20);
  }

  private send(): void {
    const { life } = this;
    const id = `M${this.number++}`;
    const request = sendRequest('orders', id, { queueId: this.broker.world.random.below(4) });
    this.broker.client.exchange(BROKER, SendMessageV2, request, { timeoutMs: 60_000 }).then(
      (answer) => {
        if (answer.code === 0 && life === this.life) this.promised.add(id);
      },
      () => undefined,
    );
  }

  /** One pop and what its consumer does with the messages. */
  private consume(moody: boolean): void {
    const { random } = this.broker.world;
    const { life } = this;
    const invisibleMs = moody ? 1_000 + random.below(9_000) : 5_000;
    const options = { invisibleMs, maxMsgNums: 1 + random.below(12), pollMs: 800 };
    startPop(this.broker, options).then(
      ({ messages }) => {
        if (life === this.life) this.treat(messages, moody ? random.below(10) : 0);
      },
      () => undefined,
    );
  }

  private treat(messages: readonly PoppedMessage[], mood: number): void {
    if (messages.length === 0) return;
    for (const message of messages) this.note(message);
    const [first, ...rest] = messages;
    if (mood < 4) for (const message of messages) this.acknowledge(message);
    else if (mood < 6) this.acknowledgeTogether(messages);
    else if (mood < 7) for (const message of rest) this.acknowledge(message);
    else if (mood < 8) this.changeMind(first!);
    else if (mood < 9) this.acknowledgeLater(messages);
    // Else it has forgotten them.
  }

  private note(message: PoppedMessage): void {
    const { body: id } = message;
    this.delivered.set(id, (this.delivered.get(id) ?? 0) + 1);
    const acked = this.ackedPlaces.get(placeOf(message));
    if (acked) {
      const killedAtMs = this.killedAtMs[acked.life];
      const excused = killedAtMs !== undefined && acked.atMs > killedAtMs - WINDOW_MS;
      if (excused) this.comebacks++;
      else this.faults.push(`${id} at ${placeOf(message)} came again after ${acked.atMs}`);
    } else if (this.loss === 'nothing' && this.ackedIds.has(id)) {
      this.faults.push(`${id} came again from another place`);
    }
  }

  private noteAck(message: PoppedMessage, code: number): void {
    const [, popTimeMs, invisibleMs] = message.handle.split(' ').map(Number);
    if (code !== 0 || this.nowMs > popTimeMs! + invisibleMs! - IN_TIME_MS) return;
    this.ackedPlaces.set(placeOf(message), { atMs: this.nowMs, life: this.life });
    this.ackedIds.set(message.body, this.nowMs);
  }

  private acknowledge(message: PoppedMessage): void {
    this.triedIds.add(message.body);
    this.inLife(ack(this.broker, message), ({ code }) => this.noteAck(message, code));
  }

  private acknowledgeTogether(messages: readonly PoppedMessage[]): void {
    for (const { body } of messages) this.triedIds.add(body);
    this.inLife(ackAll(this.broker, messages), ({ code }) => {
      for (const message of messages) this.noteAck(message, code);
    });
  }

  private acknowledgeLater(messages: readonly PoppedMessage[]): void {
    const { clock, random } = this.broker.world;
    const { life } = this;
    clock.setTimer(random.below(6_000), () => {
      if (life === this.life) for (const message of messages) this.acknowledge(message);
    });
  }

  private changeMind(message: PoppedMessage): void {
    const { random } = this.broker.world;
    this.inLife(postpone(this.broker, message, 500 + random.below(6_000)), (renewed) => {
      if (random.chance(0.6)) this.acknowledge(renewed);
    });
  }

  /** Goes on with an answer, if the broker that gives it still lives. */
  private inLife<T>(answer: Promise<T>, then: (value: T) => void): void {
    const { life } = this;
    answer.then(
      (value) => {
        if (life === this.life) then(value);
      },
      () => undefined,
    );
  }

  /** Consumes properly until nothing comes any more. */
  private async drain(): Promise<void> {
    for (let i = 0; i < 60; i++) {
      for (let pops = 0; pops < 4; pops++) this.consume(false);
      await this.broker.pass(1_000);
    }
  }

  /** Promised messages that nobody was given, or nobody who then tried to acknowledge them. */
  get lost(): string[] {
    return [...this.promised].filter((id) => !this.triedIds.has(id));
  }

  get figures(): { promised: number; delivered: number; acked: number } {
    const delivered = [...this.delivered.values()].reduce((sum, count) => sum + count, 0);
    return { promised: this.promised.size, delivered, acked: this.ackedPlaces.size };
  }

  async leftovers(): Promise<number> {
    return (await this.broker.pull('%DLQ%poppers', 0)).records.length;
  }

  stop(): Promise<readonly string[]> {
    return this.broker.stop();
  }
}

describe.each(['nothing', 'process', 'power'] as const)('popping over the loss of %s', (loss) => {
  const seeds = Array.from({ length: lastSeed - firstSeed + 1 }, (_, i) => firstSeed + i);

  it.each(seeds)(
    'loses nothing, and repeats no more than it may (seed %i)',
    async (seed) => {
      const campaign = new Campaign(seed, loss);
      await campaign.run();
      expect({ lost: campaign.lost, faults: campaign.faults }).toEqual({ lost: [], faults: [] });
      const { promised, delivered, acked } = campaign.figures;
      expect(promised).toBeGreaterThan(100);
      expect(delivered).toBeGreaterThan(promised);
      // Those that came too late to count as in time are left out.
      expect(acked).toBeGreaterThan(promised * 0.8);
      expect(await campaign.leftovers()).toBe(0);
      expect(await campaign.stop()).toEqual([]);
    },
    120_000,
  );
});
