import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '@rocketmq-ts/testing';
import type { CopyGate } from '../replication/copy-gate.js';
import { DecidedAnswers } from './decided-answers.js';
import { LogBatch } from './log-batch.js';
import type { LogSync } from './log-sync.js';

const SYNC_TIMEOUT_MS = 5_000;
const COPY_TIMEOUT_MS = 3_000;

class Gate implements CopyGate {
  copiedOffset = 0;
  available = true;
  refusal: string | undefined = undefined;
  change: () => void = () => undefined;

  onChange(listener: () => void): void {
    this.change = listener;
  }
}

/** The policy with everything around it in the test's hands. */
class World {
  readonly clock = new SimulatedClock();
  readonly events: string[] = [];
  private readonly sync: { flushedOffset: number };
  private flushed: () => void = () => undefined;
  readonly decided: DecidedAnswers;

  constructor(awaitsSync: boolean) {
    const sync = {
      flushedOffset: 0,
      onFlushed: (listener: () => void) => (this.flushed = listener),
      start: () => undefined,
    };
    this.sync = sync;
    this.decided = new DecidedAnswers({
      clock: this.clock,
      sync: sync as unknown as LogSync,
      awaitsSync,
      syncTimeoutMs: SYNC_TIMEOUT_MS,
      copyTimeoutMs: COPY_TIMEOUT_MS,
      sink: {
        makeVisible: (batch) => this.events.push(`${batch.endOffset} visible`),
        tell: (batch, { kind }, choice) => this.events.push(`${batch.endOffset} ${choice} ${kind}`),
      },
    });
  }

  write(startOffset: number, endOffset: number): void {
    const batch = new LogBatch(startOffset);
    batch.endOffset = endOffset;
    batch.writtenAtMs = this.clock.monotonicMs();
    this.decided.onWritten(batch);
  }

  flush(offset: number): void {
    this.sync.flushedOffset = offset;
    this.flushed();
  }

  take(): string[] {
    return this.events.splice(0);
  }
}

describe('DecidedAnswers without copies', () => {
  it('shows and answers a batch when it is written, in ASYNC_FLUSH', () => {
    const world = new World(false);
    world.write(0, 10);
    expect(world.take()).toEqual(['10 visible', '10 all OK']);
  });

  it('waits for the sync in SYNC_FLUSH', () => {
    const world = new World(true);
    world.write(0, 10);
    world.write(10, 20);
    expect(world.take()).toEqual(['10 others OK', '20 others OK']);
    world.flush(15);
    expect(world.take()).toEqual(['10 visible', '10 waiting OK']);
    world.flush(20);
    expect(world.take()).toEqual(['20 visible', '20 waiting OK']);
  });
});

describe('DecidedAnswers with copies', () => {
  it('shows a message when it is copied, whoever waited (I1)', () => {
    const world = new World(false);
    const gate = new Gate();
    world.decided.waitForCopies(gate);
    world.write(0, 10);
    expect(world.take()).toEqual(['10 others OK']);
    gate.copiedOffset = 10;
    gate.change();
    expect(world.take()).toEqual(['10 visible', '10 waiting OK']);
  });

  it('does not hold up what was copied before it was written here', () => {
    const world = new World(false);
    const gate = new Gate();
    gate.copiedOffset = Infinity;
    world.decided.waitForCopies(gate);
    world.write(0, 10);
    expect(world.take()).toEqual(['10 visible', '10 all OK']);
  });

  it('decides anew what waits when copies are not waited for any more', () => {
    const world = new World(false);
    world.decided.waitForCopies(new Gate());
    world.write(0, 10);
    world.take();
    world.decided.waitForCopies(undefined);
    expect(world.take()).toEqual(['10 visible', '10 waiting OK']);
  });

  it('hears no gate that was replaced', () => {
    const world = new World(false);
    const old = new Gate();
    world.decided.waitForCopies(old);
    world.decided.waitForCopies(new Gate());
    world.write(0, 10);
    world.take();
    old.copiedOffset = 10;
    old.change();
    expect(world.take()).toEqual([]);
  });

  it('gives everyone an answer when the store closes', () => {
    const world = new World(false);
    world.decided.waitForCopies(new Gate());
    world.write(0, 10);
    world.take();
    world.decided.giveUpCopies();
    expect(world.take()).toEqual(['10 visible', '10 waiting SLAVE_TIMEOUT']);
  });

  it('gives back on a failure only what nobody was told of (I2)', async () => {
    const world = new World(true);
    world.write(0, 10);
    await world.clock.advance(SYNC_TIMEOUT_MS + 200);
    world.write(10, 20);
    expect(world.decided.abandon().map(({ endOffset }) => endOffset)).toEqual([20]);
  });
});

type Sync = 'none' | 'in time' | 'late' | 'never';
type Copies = 'no gate' | 'in time' | 'late' | 'never' | 'lost meanwhile' | 'not available';

/** What the sender that waits hears, and whether the message is visible at the end. */
function expected(sync: Sync, copies: Copies): { told: string; visible: boolean } {
  const visible = sync !== 'never';
  if (copies === 'late' || copies === 'never') return { told: 'SLAVE_TIMEOUT', visible };
  if (copies === 'not available' || copies === 'lost meanwhile')
    return { told: 'SLAVE_NOT_AVAILABLE', visible };
  return { told: sync === 'late' || sync === 'never' ? 'FLUSH_TIMEOUT' : 'OK', visible };
}

describe('DecidedAnswers, every pair of fates', () => {
  const syncs: Sync[] = ['none', 'in time', 'late', 'never'];
  const fates: Copies[] = [
    'no gate',
    'in time',
    'late',
    'never',
    'lost meanwhile',
    'not available',
  ];
  for (const sync of syncs) {
    for (const copies of fates) {
      it(`sync ${sync}, copies ${copies}: one answer, the right one`, async () => {
        const world = new World(sync !== 'none');
        const gate = new Gate();
        gate.available = copies !== 'not available';
        if (copies !== 'no gate') world.decided.waitForCopies(gate);
        world.write(0, 10);
        await world.clock.advance(1_000);
        if (sync === 'in time') world.flush(10);
        if (copies === 'in time') gate.copiedOffset = 10;
        if (copies === 'lost meanwhile') gate.available = false;
        gate.change();
        await world.clock.advance(9_000);
        if (sync === 'late') world.flush(10);
        if (copies === 'late') gate.copiedOffset = 10;
        gate.change();
        await world.clock.advance(9_000);
        const events = world.take();
        const want = expected(sync, copies);
        const told = events.filter((event) => / (waiting|all) /.test(event));
        expect(told).toHaveLength(1);
        expect(told[0]).toContain(` ${want.told}`);
        expect(events.includes('10 visible')).toBe(want.visible);
      });
    }
  }
});
