import type { Clock } from '@rocketmq-ts/kernel';
import type { DataVersion } from '@rocketmq-ts/protocol';
import { ChangingTable } from '../metadata/changing-table.js';
import { initialVersion, nextVersion } from '../metadata/data-version.js';
import type { TransactionMetricsFile } from './transaction-metrics-file.js';

/** Topics that are counted; more are not, so that a flood of names costs nothing. */
const TOPIC_COUNT_MAX = 100_000;

interface HalfCount {
  count: number;
  timeStamp: number;
}

/** What was decided about a topic's transactions since this broker was started. */
export interface DecidedCounts {
  committed: number;
  rolledBack: number;
  /** From the storing of the half message to the storing of the message. */
  commitLatencyMsTotal: number;
}

/**
 * Open transactions by topic, kept over restarts, and what became of those that were decided.
 * Source: rocketmq 5.5.0 `TransactionMetrics`.
 */
export class TransactionCounts extends ChangingTable {
  /** Check-backs that were sent to a producer. */
  checksSent = 0;
  /** Half messages that had to wait because no producer of their group was there, each time. */
  checksWithoutProducer = 0;
  /** Half messages that were parked. */
  parked = 0;
  /** Decisions that came after another one. */
  lateDecisions = 0;
  /** Open half messages whose message was found to be committed: by a process that died, or under another half message. */
  foundCommitted = 0;
  /** Half messages that were deleted before they were decided. */
  lost = 0;

  private readonly halves = new Map<string, HalfCount>();
  private readonly decided = new Map<string, DecidedCounts>();
  private version: DataVersion;

  constructor(private readonly clock: Clock) {
    super();
    this.version = initialVersion(clock);
  }

  restore(saved: TransactionMetricsFile | undefined): void {
    for (const [topic, { count, timeStamp }] of saved?.transactionCount ?? []) {
      this.halves.set(topic, { count, timeStamp });
    }
    if (saved?.dataVersion) this.version = saved.dataVersion;
  }

  /** A half message was stored (1) or is done with (−1). */
  addHalf(topic: string, difference: 1 | -1): void {
    let half = this.halves.get(topic);
    if (!half) {
      if (this.halves.size >= TOPIC_COUNT_MAX) return;
      this.halves.set(topic, (half = { count: 0, timeStamp: 0 }));
    }
    half.count = Math.max(half.count + difference, 0);
    half.timeStamp = this.clock.nowMs();
    this.changed = true;
  }

  countCommit(topic: string, latencyMs: number): void {
    const counts = this.decidedOf(topic);
    if (counts) {
      counts.committed++;
      counts.commitLatencyMsTotal += Math.max(latencyMs, 0);
    }
  }

  countRollback(topic: string): void {
    const counts = this.decidedOf(topic);
    if (counts) counts.rolledBack++;
  }

  /** Open half messages by topic. */
  *openHalves(): Iterable<[topic: string, count: number]> {
    for (const [topic, { count }] of this.halves) yield [topic, count];
  }

  decisions(): Iterable<[topic: string, counts: DecidedCounts]> {
    return this.decided;
  }

  content(): TransactionMetricsFile {
    this.version = nextVersion(this.version, this.clock);
    return { dataVersion: this.version, transactionCount: this.halves };
  }

  private decidedOf(topic: string): DecidedCounts | undefined {
    let counts = this.decided.get(topic);
    if (!counts && this.decided.size < TOPIC_COUNT_MAX) {
      counts = { committed: 0, rolledBack: 0, commitLatencyMsTotal: 0 };
      this.decided.set(topic, counts);
    }
    return counts;
  }
}
