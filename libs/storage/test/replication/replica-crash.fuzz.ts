import { describe, expect, it } from '@jest/globals';
import { allQueues, logFiles } from '@rocketmq-ts/testing/store';
import { StorePair } from './store-pair.js';

/** `STORE_SEEDS=from-to` runs other seeds; a failure names its seed. */
const [firstSeed = 1, lastSeed = 25] = (process.env['STORE_SEEDS'] ?? '1-3').split('-').map(Number);
const ROUNDS = 6;

/** A slave that dies at random moments, with or without the power of its machine, while it copies. */
async function campaign(seed: number, flushMode: 'ASYNC' | 'SYNC'): Promise<number> {
  const pair = new StorePair(seed, {
    flushMode,
    indexEnabled: true,
    lightQueues: { enabled: true, countMax: 100 },
  });
  const { master, replica, random } = pair;
  await pair.open();
  let crashes = 0;
  for (let round = 0; round < ROUNDS; round++) {
    await master.sendAll(pair.anyMessages(60));
    await master.settle(50);
    replica.disk.latencyMsMax = random.below(5);
    await pair.copy(5 + random.below(60));
    const reported = replica.store.replicaLog.flushedOffset;
    if (random.chance(0.5)) replica.losePower();
    else replica.kill();
    crashes++;
    pair.disconnect();
    replica.disk.latencyMsMax = 0;
    await replica.open({ bootId: `life-${round}` });
    const { endOffset } = replica.store.replicaLog;
    // What was reported as being on the disk is there, and nothing that the master does not have.
    expect(endOffset).toBeGreaterThanOrEqual(reported);
    expect(endOffset).toBeLessThanOrEqual(master.store.commitLogMaxOffset);
    const boundary = await master.drive(master.store.rawLog.boundaryBefore(endOffset));
    expect(boundary).toBe(endOffset);
    expect(await replica.drive(replica.store.verify())).toEqual([]);
  }
  await pair.copy();
  expect(await logFiles(replica)).toEqual(await logFiles(master));
  expect(await allQueues(replica)).toEqual(await allQueues(master));
  expect(await replica.drive(replica.store.verify())).toEqual([]);
  await master.close();
  await replica.close();
  return crashes;
}

describe('A slave that crashes while it copies', () => {
  for (let seed = firstSeed; seed <= lastSeed; seed++) {
    for (const flushMode of ['ASYNC', 'SYNC'] as const) {
      it(`has a prefix of the master's log and goes on (${flushMode}, seed ${seed})`, async () => {
        expect(await campaign(seed, flushMode)).toBe(ROUNDS);
      });
    }
  }
});
