import { describe, expect, it } from '@jest/globals';
import { MessageStore } from '../../src/message-store.js';
import type { MessageStoreOptions } from '../../src/message-store.types.js';
import { type Sent, SimulatedStore } from '@rocketmq-ts/testing/store';

/** `STORE_SEEDS=from-to` runs other seeds; a failure names its seed. */
const [firstSeed = 1, lastSeed = 25] = (process.env['STORE_SEEDS'] ?? '1-3').split('-').map(Number);
const ROUNDS = 6;
const FLUSH_INTERVAL_MS = 500;

interface Fact {
  readonly sent: Sent;
  readonly body: string;
  ackedAtMs: number | undefined;
}

/** What was sent to each place of each queue, over all lives of the store. */
type History = Map<string, Map<number, Fact[]>>;

class Campaign {
  readonly world: SimulatedStore;
  private readonly history: History = new Map();
  private inLife: Fact[] = [];
  private number = 0;
  lost = 0;
  acked = 0;

  constructor(
    readonly seed: number,
    private readonly options: Partial<MessageStoreOptions>,
  ) {
    this.world = new SimulatedStore(seed, options);
  }

  private get sync(): boolean {
    return this.options.flushMode === 'SYNC';
  }

  async run(): Promise<void> {
    const { world } = this;
    await world.open();
    for (let round = 0; round < ROUNDS; round++) {
      await this.load();
      const power = world.random.chance(0.5);
      if (power) world.losePower();
      else world.kill();
      const crashedAtMs = world.clock.monotonicMs();
      world.disk.latencyMsMax = world.random.chance(0.5) ? 0 : 0.3;
      if (world.random.chance(0.3)) await this.crashWhileRecovering(power);
      await world.open({ bootId: power ? `life-${round}` : this.lastBoot });
      this.lastBoot = power ? `life-${round}` : this.lastBoot;
      world.disk.latencyMsMax = 0;
      await this.check(power, crashedAtMs);
      if (world.random.chance(0.3)) {
        await world.close();
        await world.open({ bootId: this.lastBoot });
        await this.check(false, world.clock.monotonicMs());
      }
    }
    await world.close();
  }

  private lastBoot = 'boot-1';

  /** Sends for a while, at random, with pauses in which syncs and queue writes happen. */
  private async load(): Promise<void> {
    const { world } = this;
    world.disk.latencyMsMax = world.random.below(20);
    this.inLife = [];
    const bursts = 3 + world.random.below(25);
    for (let burst = 0; burst < bursts; burst++) {
      const count = 1 + world.random.below(30);
      for (let i = 0; i < count; i++) this.send();
      const pause = world.random.chance(0.15) ? 8_000 : world.random.below(60);
      for (let step = 0; step < 20; step++) {
        await world.clock.advance(pause / 20);
        for (const fact of this.inLife) {
          if (fact.ackedAtMs === undefined && fact.sent.acked) {
            fact.ackedAtMs = world.clock.monotonicMs();
          }
        }
      }
    }
    // The crash comes at any moment after the last burst.
    for (let i = world.random.below(20); i > 0; i--) this.send();
    await world.clock.advance(world.random.below(100) / 10);
  }

  private send(): void {
    const { world } = this;
    const queueId = world.random.below(3);
    const body = `${this.number++} ${'x'.repeat(world.random.below(world.random.chance(0.05) ? 6000 : 300))}`;
    const sent = world.send({ queueId, body });
    const fact: Fact = { sent, body, ackedAtMs: undefined };
    this.inLife.push(fact);
    const queue = this.history.get(`${queueId}`) ?? new Map<number, Fact[]>();
    this.history.set(`${queueId}`, queue);
    queue.set(sent.queueOffset, [...(queue.get(sent.queueOffset) ?? []), fact]);
  }

  private async crashWhileRecovering(power: boolean): Promise<void> {
    const { world } = this;
    let ended = false;
    const opening = MessageStore.open(world.seams(), {
      ...this.openOptions,
      bootId: power ? 'boot-in-between' : this.lastBoot,
    }).finally(() => (ended = true));
    opening.catch(() => undefined);
    const steps = world.random.below(60);
    for (let step = 0; step < steps && !ended; step++) await world.clock.advance(0.3);
    if (power) world.losePower();
    else world.kill();
  }

  private get openOptions(): MessageStoreOptions {
    return { ...SimulatedStore.defaults, ...this.options, rootPath: '/store' };
  }

  private async check(power: boolean, crashedAtMs: number): Promise<void> {
    const { world, history, seed } = this;
    expect({ seed, findings: await world.drive(world.store.verify()) }).toEqual({
      seed,
      findings: [],
    });
    for (const [queueId, places] of history) {
      const read = await world.readAll('TopicA', Number(queueId));
      const queue = world.store.queue('TopicA', Number(queueId));
      // Dense, from the first to the last (P4).
      expect([seed, [...read.keys()]]).toEqual([
        seed,
        Array.from({ length: queue.maxOffset - queue.minOffset }, (_, i) => queue.minOffset + i),
      ]);
      for (const [queueOffset, facts] of places) {
        const body = read.get(queueOffset);
        const known = facts.find((fact) => fact.body === body);
        // Nothing is there that was not sent to this place (P6).
        if (body !== undefined)
          expect([seed, queueOffset, known !== undefined]).toEqual([seed, queueOffset, true]);
        for (const fact of facts) {
          if (fact.ackedAtMs === undefined || fact === known) continue;
          this.mayBeLost(fact, power, crashedAtMs);
        }
        // From here on the place is what was read, for good.
        if (known)
          places.set(queueOffset, [{ ...known, ackedAtMs: known.ackedAtMs ?? crashedAtMs }]);
        else places.delete(queueOffset);
      }
      for (const offset of read.keys()) expect(places.has(offset)).toBe(true);
    }
    this.acked += this.inLife.filter((fact) => fact.ackedAtMs !== undefined).length;
  }

  /** P1 and P2: a kill loses nothing; a power loss only what was answered within the flush interval, and only in ASYNC mode. */
  private mayBeLost(fact: Fact, power: boolean, crashedAtMs: number): void {
    const ageMs = crashedAtMs - fact.ackedAtMs!;
    // The sync itself may take two operations of the slowest kind.
    const allowed = power && !this.sync && ageMs <= FLUSH_INTERVAL_MS + 2 * 20 + 5;
    this.lost++;
    expect({ seed: this.seed, offset: fact.sent.queueOffset, power, ageMs, allowed }).toMatchObject(
      {
        allowed: true,
      },
    );
  }
}

describe('MessageStore after crashes at random moments', () => {
  const modes: [string, Partial<MessageStoreOptions>][] = [
    ['ASYNC', { flushMode: 'ASYNC' }],
    ['ASYNC off the event loop', { flushMode: 'ASYNC', writeNowBytesMax: 0 }],
    ['SYNC', { flushMode: 'SYNC' }],
    ['SYNC with zeros ahead', { flushMode: 'SYNC', writeNowBytesMax: 0, zeroAheadBytes: 8192 }],
  ];
  it.each(modes)(
    'loses no acknowledged message in mode %s',
    async (_name, options) => {
      let acked = 0;
      for (let seed = firstSeed; seed <= lastSeed; seed++) {
        const campaign = new Campaign(seed, options);
        try {
          await campaign.run();
        } catch (error) {
          const lines = campaign.world.logger.lines.slice(-12);
          const log = lines.map(
            ({ level, event, fields }) => `${level} ${event} ${JSON.stringify(fields)}`,
          );
          throw new Error(`seed ${seed}\n${log.join('\n')}`, { cause: error });
        }
        acked += campaign.acked;
        if (options.flushMode === 'SYNC') expect([seed, campaign.lost]).toEqual([seed, 0]);
      }
      expect(acked).toBeGreaterThan(100);
    },
    120_000,
  );
});
