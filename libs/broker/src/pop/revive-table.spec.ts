import { describe, expect, it } from '@jest/globals';
import type { PopCheckpointRecord } from '@rocketmq-ts/protocol';
import { ReviveTable } from './revive-table.js';

const record = (so: number, more: Partial<PopCheckpointRecord> = {}): PopCheckpointRecord => ({
  so,
  pt: 1_000,
  it: 500,
  bm: 0,
  n: 2,
  q: 0,
  t: 'orders',
  c: 'group',
  ro: 0,
  d: [0, 1],
  bn: 'broker-a',
  sp: false,
  ...more,
});
const ackOf = (so: number, ao: number) => ({
  ao,
  so,
  pt: 1_000,
  q: 0,
  t: 'orders',
  c: 'group',
  bn: 'broker-a',
});
const table = (progress = -1) => new ReviveTable(progress, 'broker-a');

describe('ReviveTable', () => {
  it('moves on when every message of the oldest checkpoint is acknowledged', () => {
    const revive = table();
    const one = revive.addCheckpoint(record(0), 0)!;
    const two = revive.addCheckpoint(record(2), 1)!;
    expect(revive.addAck(ackOf(2, 2), [2], 2)).toBeUndefined();
    expect(revive.addAck(ackOf(2, 3), [3], 3)).toBe(two);
    revive.resolve(two);
    expect(revive.advance(0)).toBe(-1);
    expect(revive.addAck(ackOf(0, -1), [0, 1], 4)).toBe(one);
    revive.resolve(one);
    // With nothing open everything that was read is over.
    expect(revive.advance(0)).toBe(4);
    expect(revive.size).toBe(0);
  });

  it('does not pass what a power loss could bring back (I2)', () => {
    const revive = table();
    const one = revive.addCheckpoint(record(0), 0)!;
    one.durableAt = 100;
    revive.resolve(one);
    expect(revive.advance(99)).toBe(-1);
    expect(revive.advance(100)).toBe(0);
  });

  it('counts what was acknowledged before the checkpoint was written', () => {
    const revive = table();
    expect(revive.addCheckpoint(record(0, { bm: 0b11 }), 0)).toBeUndefined();
    const half = revive.addCheckpoint(record(2, { bm: 0b01 }), 1)!;
    expect(half.openOffsets).toEqual([3]);
    expect(revive.advance(0)).toBe(0);
  });

  it('takes a checkpoint that was written twice once', () => {
    const revive = table();
    const one = revive.addCheckpoint(record(0), 0)!;
    expect(revive.addCheckpoint(record(0, { bm: 0b10 }), 1)).toBeUndefined();
    expect(one.openOffsets).toEqual([0]);
    expect(revive.size).toBe(1);
  });

  it('keeps two checkpoints apart that have one name, so that neither is lost', () => {
    const revive = table();
    const one = revive.addCheckpoint(record(0), 0)!;
    const other = revive.addCheckpoint(record(0, { n: 1, d: [0], bm: 0 }), 1)!;
    revive.addAck(ackOf(0, 0), [0, 1], 2);
    expect(one.allSettled).toBe(true);
    expect(other.openOffsets).toEqual([0]);
    revive.resolve(one);
    expect(revive.advance(0)).toBe(0);
  });

  it.each([
    ['another start', ackOf(1, 1)],
    ['another pop time', { ...ackOf(0, 0), pt: 999 }],
    ['another queue', { ...ackOf(0, 0), q: 1 }],
    ['another group', { ...ackOf(0, 0), c: 'other' }],
    ['another broker', { ...ackOf(0, 0), bn: 'broker-b' }],
  ])('passes over an acknowledgement of %s', (_what, ack) => {
    const revive = table();
    const one = revive.addCheckpoint(record(0), 0)!;
    expect(revive.addAck(ack, [ack.ao], 1)).toBeUndefined();
    expect(one.openOffsets).toEqual([0, 1]);
  });

  it('takes records of old brokers, which name no broker and no distances', () => {
    const revive = table();
    const { bn: _, ...nameless } = ackOf(0, 1);
    const one = revive.addCheckpoint(record(0, { d: undefined, n: 3 }), 0)!;
    revive.addAck(nameless, [1], 1);
    expect(one.openOffsets).toEqual([0, 2]);
  });

  it('passes over checkpoints that make no sense', () => {
    const revive = table();
    for (const wrong of [record(0, { n: 33 }), record(0, { n: -1 }), record(0, { n: 3, d: [0] })]) {
      expect(revive.addCheckpoint(wrong, 0)).toBeUndefined();
    }
    expect(revive.advance(0)).toBe(0);
  });

  // A crash at any moment: what was read and not passed is read again, and must come to the same.
  const orders = permutations(['ck0', 'ck1', 'ack0', 'ack1', 'revive0', 'revive1'] as const);
  it(`comes to the same after a crash at any moment, in ${orders.length} orders (I3)`, () => {
    for (const order of orders) {
      for (let crashAt = 0; crashAt <= order.length; crashAt++) {
        const world = new World();
        order.forEach((step, i) => {
          if (i === crashAt) world.restart();
          world.take(step);
        });
        world.restart();
        world.finish();
        expect({ order, crashAt, lost: world.lost() }).toEqual({ order, crashAt, lost: [] });
      }
    }
  });
});

type Step = 'ck0' | 'ck1' | 'ack0' | 'ack1' | 'revive0' | 'revive1';

/** Two checkpoints of one message each, their acknowledgements, and a reader that may die. */
class World {
  private readonly log: Step[] = [];
  private progress = -1;
  private revive = table();
  private open = new Map<number, ReturnType<ReviveTable['addCheckpoint']>>();
  private readonly acked = new Set<number>();
  private readonly revived = new Set<number>();

  take(step: Step): void {
    const n = Number(step.at(-1));
    if (step.startsWith('revive')) {
      this.reviveNow(n);
    } else {
      if (step.startsWith('ack')) this.acked.add(n);
      this.log.push(step);
      this.read(this.log.length - 1);
    }
    this.progress = this.revive.advance(0);
  }

  restart(): void {
    this.revive = table(this.progress);
    this.open = new Map();
    for (let at = this.progress + 1; at < this.log.length; at++) this.read(at);
  }

  finish(): void {
    for (const n of [...this.open.keys()]) this.reviveNow(n);
    expect(this.revive.advance(0)).toBe(this.log.length - 1);
  }

  /** Messages that were neither acknowledged nor revived. */
  lost(): number[] {
    return [0, 1].filter((n) => !this.acked.has(n) && !this.revived.has(n));
  }

  private reviveNow(n: number): void {
    const checkpoint = this.open.get(n);
    if (!checkpoint || checkpoint.state === 'resolved') return;
    this.revived.add(n);
    this.revive.resolve(checkpoint);
  }

  private read(at: number): void {
    const step = this.log[at]!;
    const n = Number(step.at(-1));
    if (step.startsWith('ck')) {
      const added = this.revive.addCheckpoint(record(n, { n: 1, d: [0] }), at);
      if (added) this.open.set(n, added);
    } else {
      const settled = this.revive.addAck(ackOf(n, n), [n], at);
      if (settled) this.revive.resolve(settled);
    }
  }
}

function permutations<T>(of: readonly T[]): T[][] {
  if (of.length === 0) return [[]];
  return of.flatMap((first, i) =>
    permutations([...of.slice(0, i), ...of.slice(i + 1)]).map((rest) => [first, ...rest]),
  );
}
