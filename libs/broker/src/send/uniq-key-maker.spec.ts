import { expect, it } from '@jest/globals';
import { parseUniqKey } from '@rocketmq-ts/protocol';
import { SimulatedClock, SimulatedRandom } from '@rocketmq-ts/testing';
import { UniqKeyMaker } from './uniq-key-maker.js';

it('makes keys that tell address and time, and never the same twice', async () => {
  const clock = new SimulatedClock();
  const host = Buffer.from([10, 0, 0, 1, 0, 0, 0x2a, 0x9f]);
  const maker = new UniqKeyMaker(clock, new SimulatedRandom(1), host);
  const keys = new Set<string>();
  for (let ms = 0; ms < 20; ms++) {
    for (let i = 0; i < 3_000; i++) keys.add(maker.next());
    await clock.advance(1);
  }
  expect(keys.size).toBe(60_000);
  const parts = parseUniqKey([...keys][0]!)!;
  expect([...parts.addressBytes]).toEqual([10, 0, 0, 1]);

  // Over the end of a month the count of milliseconds begins anew.
  await clock.advance(40 * 86_400_000);
  const later = parseUniqKey(maker.next())!;
  expect(later.monthMs).toBeGreaterThanOrEqual(0);
  expect(later.monthMs).toBeLessThan(32 * 86_400_000);
});
