import { describe, expect, it } from '@jest/globals';
import { ConsumerSendMsgBack, UpdateAndCreateTopic } from '@rocketmq-ts/protocol';
import { checkHistory, type HistoryEvent } from '@rocketmq-ts/testing';
import { heartbeat } from './heartbeat.js';
import { type PulledRecord } from './pull-answer.js';
import { newTopic } from './requests.js';
import { BROKER, newWorld, SimulatedBroker } from './simulated-broker.js';

/** `RETRY_SEEDS=from-to` runs other seeds; a failure names its seed. */
const [firstSeed = 1, lastSeed = 2] = (process.env['RETRY_SEEDS'] ?? '1-2').split('-').map(Number);
const MESSAGES = 20;
const TRIES = 3;
const SETTINGS = 'messageDelayLevel=1s 1s 1s 1s 1s 1s 1s 1s 1s 1s\nflushDiskType=SYNC_FLUSH\n';
const TOPICS = ['orders', '%RETRY%consumers'];
const DEAD = '%DLQ%consumers';

/**
 * A consumer that can handle nothing: it sends every message back until the broker lets it die, over kills and losses of
 * power. What it gets no answer about it sends back again.
 */
class Campaign {
  private broker!: SimulatedBroker;
  /** Where the consumer stands in each topic; kept by the test, as a consumer's offsets would be. */
  private readonly position = new Map(TOPICS.map((topic) => [topic, 0]));
  kills = 0;
  /** Nothing came in the last round. */
  private atEnd = false;
  private quietRounds = 0;

  constructor(readonly seed: number) {}

  async run(): Promise<void> {
    this.broker = await SimulatedBroker.start(SETTINGS, newWorld(this.seed));
    const { random } = this.broker.world;
    await this.broker.call(UpdateAndCreateTopic, newTopic('orders'));
    await heartbeat(this.broker);
    for (let i = 0; i < MESSAGES; i++) {
      await this.broker.sent('orders', `M${i}`, { properties: { UNIQ_KEY: `M${i}` } });
    }
    for (let round = 0; round < 120; round++) {
      if (round < 12) await this.die(random.chance(0.5) ? 'power' : 'process');
      this.atEnd = true;
      for (const topic of TOPICS) await this.consume(topic, round < 12);
      if (!this.atEnd) this.quietRounds = 0;
      await this.broker.pass(500);
      if (round >= 12 && this.atEnd && ++this.quietRounds > 10) break;
    }
  }

  private async die(how: 'process' | 'power'): Promise<void> {
    this.kills++;
    this.broker.kill(how);
    await this.broker.world.clock.advance(100);
    await this.broker.startAgain(SETTINGS);
    await heartbeat(this.broker);
  }

  /** Sends back what lies ahead; with `interrupted` the broker dies before some answers. */
  private async consume(topic: string, interrupted: boolean): Promise<void> {
    const { random, clock } = this.broker.world;
    const { records } = await this.broker.pull(topic, this.position.get(topic)!);
    const batch = interrupted ? records.slice(0, 1 + random.below(12)) : records;
    if (batch.length > 0) this.atEnd = false;
    const answers = batch.map((record) => this.sendBack(record));
    if (interrupted && random.chance(0.6)) {
      await clock.advance(random.below(60) / 20);
      // Whatever was answered until now counts; the consumer comes back to the first that was not.
      const codes = await this.broker.settled(
        Promise.all(answers.map((code) => Promise.race([code, Promise.resolve(undefined)]))),
      );
      const done = codes.findIndex((code) => code !== 0);
      this.move(topic, batch, done < 0 ? batch.length : done);
      return;
    }
    const codes = await this.broker.settled(Promise.all(answers));
    const done = codes.findIndex((code) => code !== 0);
    this.move(topic, batch, done < 0 ? batch.length : done);
  }

  private move(topic: string, batch: readonly PulledRecord[], count: number): void {
    if (count > 0) this.position.set(topic, batch[count - 1]!.queueOffset + 1);
  }

  private sendBack({ commitLogOffset }: PulledRecord): Promise<number | undefined> {
    const header = {
      commitLogOffset,
      group: 'consumers',
      delayLevel: 0,
      unitMode: false,
      maxReconsumeTimes: TRIES,
    };
    return this.broker.client
      .exchange(BROKER, ConsumerSendMsgBack, { header, body: null }, { timeoutMs: 120_000 })
      .then(
        ({ code }) => code,
        () => undefined,
      );
  }

  async letters(): Promise<readonly PulledRecord[]> {
    const letters: PulledRecord[] = [];
    for (let at = 0; ;) {
      const { records } = await this.broker.pull(DEAD, at);
      letters.push(...records);
      if (records.length === 0) return letters;
      at = records[records.length - 1]!.queueOffset + 1;
    }
  }

  async stop(): Promise<readonly string[]> {
    return this.broker.stop();
  }
}

describe('messages that nobody can consume', () => {
  const seeds = Array.from({ length: lastSeed - firstSeed + 1 }, (_, i) => firstSeed + i);

  it.each(seeds)(
    'all end in the dead-letter topic, whatever happens (seed %i)',
    async (seed) => {
      const campaign = new Campaign(seed);
      await campaign.run();
      const letters = await campaign.letters();
      const events: HistoryEvent[] = [];
      for (let seq = 0; seq < MESSAGES; seq++) {
        const id = `M${seq}`;
        events.push({ type: 'invoke', id, producer: id, seq: 0, atUs: 0 });
        const queueOffset = letters.find((letter) => letter.body === id)?.queueOffset ?? -1;
        events.push({ type: 'ok', id, queue: DEAD, queueOffset, atUs: 0 });
      }
      for (const { body: id, queueOffset } of letters) {
        events.push({ type: 'read', reader: 'r', queue: DEAD, queueOffset, id, intact: true });
      }
      const { lost, phantom } = checkHistory(events);
      expect({ lost, phantom }).toEqual({ lost: [], phantom: [] });
      // A send-back that was stored and not answered makes a second copy on its way; each copy dies once.
      const copies = new Set(letters.map((l) => l.properties.get('DLQ_ORIGIN_MESSAGE_ID')));
      expect(copies.size).toBe(letters.length);
      for (const letter of letters) expect(letter.reconsumeTimes).toBe(TRIES + 1);
      expect(campaign.kills).toBe(12);
      expect(await campaign.stop()).toEqual([]);
    },
    120_000,
  );
});
