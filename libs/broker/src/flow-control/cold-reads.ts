import type { Clock } from '@rocketmq-ts/kernel';

/** Reads of cold data are counted over so long. Source: rocketmq 5.5.0 `ColdDataCgCtrService#run`. */
export const COLD_WINDOW_MS = 5_000;
/** A group that has not read cold data for so long is not shown any more. */
const FORGET_MS = 60_000;
const GROUP_COUNT_MAX = 10_000;

/** Settings, read anew each time. */
export interface ColdReadSettings {
  readonly enabled: boolean;
  /** Cold bytes that a group may read in `COLD_WINDOW_MS`, unless an operator gave it another number. */
  readonly groupThresholdBytes: number;
  /** Cold bytes that all groups together may read in `COLD_WINDOW_MS`. */
  readonly globalThresholdBytes: number;
}

interface ColdReader {
  bytesInWindow: number;
  readonly createdAtMs: number;
  lastReadAtMs: number;
  /** Queues whose last read came from files. */
  readonly queues: Set<string>;
}

/** One group in the answer to GET_COLD_DATA_FLOW_CTR_INFO. Source: rocketmq 5.5.0 `AccAndTimeStamp`. */
export interface ColdReaderView {
  readonly group: string;
  readonly bytesInWindow: number;
  readonly createdAtMs: number;
  readonly lastReadAtMs: number;
}

/**
 * Who reads messages that are not in memory any more, and how much; such reads cost the disk and the system's cache, on
 * which everybody else depends.
 *
 * Invariants:
 *  I1  a group that reads hot messages is never kept waiting, whatever it read before from other queues;
 *  I2  tables are bounded: groups past the limit are counted together with all others alone.
 *
 * Source: rocketmq 5.5.0 `ColdDataCgCtrService`, without its self-adjusting thresholds.
 */
export class ColdReads {
  private readonly readers = new Map<string, ColdReader>();
  private readonly thresholds = new Map<string, number>();
  private windowStartMs: number;
  private globalBytes = 0;
  /** Since the start. */
  totalBytes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly settings: ColdReadSettings,
  ) {
    this.windowStartMs = clock.monotonicMs();
  }

  /** What a group was given. Hot: without cold readers it costs one look. */
  note(group: string, topic: string, queueId: number, bytes: number, fromDisk: boolean): void {
    if (!fromDisk) {
      if (this.readers.size > 0) this.readers.get(group)?.queues.delete(`${topic}@${queueId}`);
      return;
    }
    this.turnWindow();
    this.globalBytes += bytes;
    this.totalBytes += bytes;
    let reader = this.readers.get(group);
    const nowMs = this.clock.nowMs();
    if (!reader) {
      if (this.readers.size >= GROUP_COUNT_MAX) return;
      reader = { bytesInWindow: 0, createdAtMs: nowMs, lastReadAtMs: nowMs, queues: new Set() };
      this.readers.set(group, reader);
    }
    reader.bytesInWindow += bytes;
    reader.lastReadAtMs = nowMs;
    reader.queues.add(`${topic}@${queueId}`);
  }

  /** How long a read of this queue has to wait, 0: not at all. */
  waitMs(group: string, topic: string, queueId: number): number {
    if (!this.settings.enabled || this.readers.size === 0) return 0;
    const reader = this.readers.get(group);
    if (!reader?.queues.has(`${topic}@${queueId}`)) return 0;
    this.turnWindow();
    const over =
      reader.bytesInWindow >= this.thresholdOf(group) ||
      this.globalBytes >= this.settings.globalThresholdBytes;
    return over ? Math.max(this.windowStartMs + COLD_WINDOW_MS - this.clock.monotonicMs(), 1) : 0;
  }

  /** An operator gives a group a threshold of its own. @returns false where there are too many */
  setThreshold(group: string, bytes: number): boolean {
    if (!this.thresholds.has(group) && this.thresholds.size >= GROUP_COUNT_MAX) return false;
    this.thresholds.set(group, bytes);
    return true;
  }

  removeThreshold(group: string): void {
    this.thresholds.delete(group);
  }

  /** Bytes that all groups have read in the present window. */
  get globalBytesInWindow(): number {
    this.turnWindow();
    return this.globalBytes;
  }

  get groupThresholds(): ReadonlyMap<string, number> {
    return this.thresholds;
  }

  get groups(): ColdReaderView[] {
    this.turnWindow();
    return [...this.readers].map(([group, { bytesInWindow, createdAtMs, lastReadAtMs }]) => ({
      group,
      bytesInWindow,
      createdAtMs,
      lastReadAtMs,
    }));
  }

  private thresholdOf(group: string): number {
    return this.thresholds.get(group) ?? this.settings.groupThresholdBytes;
  }

  private turnWindow(): void {
    const nowMs = this.clock.monotonicMs();
    if (nowMs - this.windowStartMs < COLD_WINDOW_MS) return;
    this.windowStartMs = nowMs - ((nowMs - this.windowStartMs) % COLD_WINDOW_MS);
    this.globalBytes = 0;
    const oldestMs = this.clock.nowMs() - FORGET_MS;
    for (const [group, reader] of this.readers) {
      if (reader.lastReadAtMs <= oldestMs) this.readers.delete(group);
      reader.bytesInWindow = 0;
    }
  }
}
