import type { Clock } from '@rocketmq-ts/kernel';
import type { Segment } from '../segment.js';
import type { StoreCounters } from '../store-counters.js';
import type { StoreHealth } from '../store-health.js';
import type { LogSegments } from './log-segments.js';

/**
 * Brings written bytes of the log to stable storage.
 *
 * Invariants:
 *  I1  one sync at a time;
 *  I2  `flushedOffset` covers only bytes that were written before a sync began which then succeeded;
 *  I3  a failed sync is never tried again: what it left behind is unknown (P17).
 */
export class LogSync {
  private running = false;
  private readonly listeners: (() => void)[] = [];
  private readonly waiters: (() => void)[] = [];

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly segments: LogSegments;
      readonly health: StoreHealth;
      readonly counters: StoreCounters;
      /** Everything below has been taken by the system. */
      readonly writtenOffset: () => number;
    },
    public flushedOffset: number,
  ) {}

  get underWay(): boolean {
    return this.running;
  }

  /** Runs after each sync that succeeded. */
  onFlushed(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Resolves when everything below `commitLogOffset` (which is written) is synced. @throws the store failed */
  async reach(commitLogOffset: number): Promise<void> {
    while (this.flushedOffset < commitLogOffset) {
      const { fatal } = this.parts.health;
      if (fatal) throw new Error(fatal.message);
      this.start();
      await new Promise<void>((resolve) => this.waiters.push(resolve));
    }
  }

  /** The store failed: whoever waits for a sync is to look again. */
  wake(): void {
    for (const waiter of this.waiters.splice(0)) waiter();
  }

  /** Begins a sync of all that is written, unless one runs or nothing is new. */
  start(): void {
    const targetOffset = this.parts.writtenOffset();
    if (this.running || targetOffset <= this.flushedOffset || this.parts.health.fatal) return;
    this.running = true;
    const startedMs = this.parts.clock.monotonicMs();
    this.syncFrom(this.flushedOffset, targetOffset, startedMs);
  }

  /** Files in the order of the log: what is younger must not be durable before what is older. */
  private syncFrom(fromOffset: number, targetOffset: number, startedMs: number): void {
    const segment = this.segmentAt(fromOffset);
    segment.file.dataSync((error) => {
      if (error) {
        this.running = false;
        this.parts.health.fail('syncing the commit log', error);
        return;
      }
      if (targetOffset > segment.endOffset) {
        this.syncFrom(segment.endOffset, targetOffset, startedMs);
        return;
      }
      this.finish(targetOffset, startedMs);
    });
  }

  private segmentAt(offset: number): Segment {
    const { segments } = this.parts;
    const segment = segments.find(offset);
    if (!segment) throw new RangeError(`no commit-log file holds offset ${offset}`);
    return segment;
  }

  private finish(targetOffset: number, startedMs: number): void {
    const { counters, clock } = this.parts;
    this.running = false;
    counters.logSyncs++;
    counters.lastSyncMs = clock.monotonicMs() - startedMs;
    counters.maxSyncMs = Math.max(counters.maxSyncMs, counters.lastSyncMs);
    if (this.parts.health.fatal) return;
    this.flushedOffset = targetOffset;
    for (const listener of this.listeners) listener();
    this.wake();
  }
}
