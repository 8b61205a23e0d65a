import { describe, expect, it } from '@jest/globals';
import { RemotingFrame } from '@rocketmq-ts/protocol';
import { SimulatedClock } from '@rocketmq-ts/testing';
import { type PendingRequest, RequestTable } from './request-table.js';

class Outcome implements PendingRequest {
  readonly events: string[] = [];
  onAnswer(frame: RemotingFrame): void {
    this.events.push(`answer ${frame.code}`);
  }
  onTimeout(): void {
    this.events.push('timeout');
  }
  onClosed(reason: string): void {
    this.events.push(reason);
  }
}

const answerTo = (opaque: number, code = 0): RemotingFrame =>
  Object.assign(new RemotingFrame(), { opaque, code });

describe('RequestTable', () => {
  it('hands each answer to the request with its opaque, in any order', () => {
    const table = new RequestTable(new SimulatedClock());
    const outcomes = [new Outcome(), new Outcome(), new Outcome()];
    const opaques = outcomes.map((outcome) => table.add(outcome, 1_000));
    expect(new Set(opaques).size).toBe(3);
    for (const i of [2, 0, 1]) expect(table.settle(answerTo(opaques[i]!, i))).toBe(true);
    expect(outcomes.map(({ events }) => events)).toEqual([
      ['answer 0'],
      ['answer 1'],
      ['answer 2'],
    ]);
    expect(table.size).toBe(0);
    expect(table.settle(answerTo(opaques[0]!))).toBe(false);
  });

  it('times out each request at its own deadline, and no other', async () => {
    const clock = new SimulatedClock();
    const table = new RequestTable(clock);
    const outcomes = [5_000, 100, 3_000].map((timeoutMs) => {
      const outcome = new Outcome();
      table.add(outcome, timeoutMs);
      return outcome;
    });
    const late = (): boolean[] => outcomes.map(({ events }) => events.length > 0);
    await clock.advance(99);
    expect(late()).toEqual([false, false, false]);
    await clock.advance(1);
    expect(late()).toEqual([false, true, false]);
    await clock.advance(2_900);
    expect(late()).toEqual([false, true, true]);
    await clock.advance(2_000);
    expect(outcomes.map(({ events }) => events)).toEqual([['timeout'], ['timeout'], ['timeout']]);
    expect(table.size).toBe(0);
  });

  it('does not time out what was answered, nor answer what timed out', async () => {
    const clock = new SimulatedClock();
    const table = new RequestTable(clock);
    const [answered, late] = [new Outcome(), new Outcome()];
    const first = table.add(answered, 100);
    const second = table.add(late, 100);
    table.settle(answerTo(first));
    await clock.advance(200);
    expect(table.settle(answerTo(second))).toBe(false);
    expect([answered.events, late.events]).toEqual([['answer 0'], ['timeout']]);
  });

  it('notices a deadline that is earlier than the one it waits for', async () => {
    const clock = new SimulatedClock();
    const table = new RequestTable(clock);
    const [long, short] = [new Outcome(), new Outcome()];
    table.add(long, 60_000);
    await clock.advance(10);
    table.add(short, 50);
    await clock.advance(50);
    expect([long.events, short.events]).toEqual([[], ['timeout']]);
  });

  it('fails everything when the connection closes, also requests that are added meanwhile', async () => {
    const clock = new SimulatedClock();
    const table = new RequestTable(clock);
    const again = new Outcome();
    const first: PendingRequest = {
      onAnswer: () => undefined,
      onTimeout: () => undefined,
      onClosed: () => void table.add(again, 100),
    };
    table.add(first, 100);
    table.failAll('gone');
    expect(table.size).toBe(1);
    table.failAll('gone');
    expect(again.events).toEqual(['gone']);
    await clock.advance(1_000);
    expect(again.events).toEqual(['gone']);
  });

  it('skips opaques in use when the counter comes round', () => {
    const table = new RequestTable(new SimulatedClock());
    const first = table.add(new Outcome(), 1_000);
    (table as unknown as { nextOpaque: number }).nextOpaque = 0x7fff_ffff;
    expect(table.add(new Outcome(), 1_000)).toBe(0x7fff_ffff);
    expect(table.add(new Outcome(), 1_000)).toBe(first + 1);
    expect(table.unusedOpaque()).toBe(first + 2);
  });
});
