import { describe, expect, it } from '@jest/globals';
import { UpdateAndCreateTopic } from '@rocketmq-ts/protocol';
import { newTopic } from './requests.js';
import { newWorld, SimulatedBroker } from './simulated-broker.js';

/** `DELAY_SEEDS=from-to` runs other seeds. */
const [firstSeed = 1, lastSeed = 3] = (process.env['DELAY_SEEDS'] ?? '1-3').split('-').map(Number);
/** What the log may still owe the disk after a send was answered, with room for a slow sync. */
const FLUSH_MS = 1_500;
/** Progress is saved often, so that a crash falls near a save. */
const SETTINGS = 'flushDelayOffsetInterval=100\nmessageDelayLevel=1s 2s\n';

describe('messages with delay levels of a broker that dies', () => {
  const seeds = Array.from({ length: lastSeed - firstSeed + 1 }, (_, i) => firstSeed + i);

  it.each(seeds)(
    'are neither lost nor early, seed %d',
    async (seed) => {
      const broker = await SimulatedBroker.start(SETTINGS, newWorld(seed));
      await broker.call(UpdateAndCreateTopic, newTopic('orders'));
      await broker.pass(1_000);
      const facts = new Map<string, { sentAtMs: number; dueMs: number; owed: boolean }>();
      const below = (n: number): number => broker.world.random.below(n);
      const now = (): number => broker.world.clock.nowMs();
      for (let round = 0; round < 4; round++) {
        for (let burst = 0; burst < 12; burst++) {
          const level = 1 + below(2);
          const name = `m${facts.size}`;
          const sentAtMs = now();
          await broker.sent('orders', name, { properties: { DELAY: `${level}` } });
          facts.set(name, { sentAtMs, dueMs: sentAtMs + level * 1_000, owed: true });
          await broker.world.clock.advance(below(300));
        }
        const power = below(3) > 0;
        broker.kill(power ? 'power' : 'process');
        for (const fact of facts.values())
          if (power && now() - fact.sentAtMs < FLUSH_MS) fact.owed = false;
        await broker.startAgain(SETTINGS);
      }
      await broker.pass(5_000);
      const came = new Map<string, number>();
      for (let queueOffset = 0; ;) {
        const { records } = await broker.pull('orders', queueOffset);
        if (records.length === 0) break;
        for (const { body, storeTimestampMs } of records) came.set(body, storeTimestampMs);
        queueOffset += records.length;
      }
      const lost = [...facts].filter(([name, { owed }]) => owed && !came.has(name));
      const early = [...came].filter(([name, storedMs]) => storedMs < facts.get(name)!.dueMs);
      expect({ seed, lost, early }).toEqual({ seed, lost: [], early: [] });
      await broker.stop();
    },
    120_000,
  );
});
