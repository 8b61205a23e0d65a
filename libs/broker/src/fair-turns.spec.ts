import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '@rocketmq-ts/testing';
import { FairTurns } from './fair-turns.js';

describe('FairTurns', () => {
  it('is due after five milliseconds, and not again before five more', async () => {
    const clock = new SimulatedClock();
    const turns = new FairTurns(clock);
    expect(turns.due).toBe(false);
    await clock.advance(4);
    expect(turns.due).toBe(false);
    await clock.advance(1);
    expect(turns.due).toBe(true);
    const pause = turns.pause();
    await clock.advance(0);
    await pause;
    expect(turns.due).toBe(false);
  });

  it('is due after a thousand steps although the clock stands still', () => {
    const turns = new FairTurns(new SimulatedClock());
    for (let step = 1; step < 1_000; step++) expect(turns.due).toBe(false);
    expect(turns.due).toBe(true);
  });

  it('lets what is ready go first', async () => {
    const clock = new SimulatedClock();
    const order: string[] = [];
    clock.afterTick(() => order.push('other'));
    const pause = new FairTurns(clock).pause().then(() => order.push('work'));
    await clock.advance(0);
    await pause;
    expect(order).toEqual(['other', 'work']);
  });
});
