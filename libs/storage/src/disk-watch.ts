import {
  describeError,
  MIB,
  type Clock,
  type ClockTask,
  type Disk,
  type Logger,
} from '@rocketmq-ts/kernel';
import type { RetentionOptions } from './message-store.types.js';
import type { StoreHealth } from './store-health.js';

/** Never keep back more than this part of a small disk. */
const RESERVE_SHARE_MAX = 0.1;

/**
 * Looks at the free space of the store's disk and refuses messages before it is really full (P16).
 * Source: rocketmq 5.5.0 `CleanCommitLogService#isSpaceToDelete`, which looks every 10 s.
 */
export class DiskWatch {
  /** Used share of the disk, 0…1; 0 until the first look. */
  usedRatio = 0;
  usedBytes = 0;
  freeBytes = 0;
  private looking: Promise<void> | undefined;
  private timer: ClockTask | undefined;

  constructor(
    private readonly parts: {
      readonly disk: Disk;
      readonly clock: Clock;
      readonly logger: Logger;
      readonly health: StoreHealth;
    },
    private readonly path: string,
    private readonly limits: RetentionOptions,
  ) {}

  /** Looks now and then regularly. */
  async start(): Promise<void> {
    await this.look();
    this.timer = this.parts.clock.setPeriodic(
      this.limits.diskCheckIntervalMs,
      () => void this.look(),
    );
  }

  stop(): void {
    this.timer?.cancel();
  }

  /** Joins a look that is under way. */
  look(): Promise<void> {
    this.looking ??= this.lookNow().finally(() => (this.looking = undefined));
    return this.looking;
  }

  private async lookNow(): Promise<void> {
    const { disk, health, logger } = this.parts;
    try {
      const { totalBytes, freeBytes } = await disk.space(this.path);
      this.usedRatio = totalBytes > 0 ? 1 - freeBytes / totalBytes : 0;
      this.usedBytes = totalBytes - freeBytes;
      this.freeBytes = freeBytes;
      health.setDiskFull(this.isFull(totalBytes) ? this.refusal() : undefined);
    } catch (error) {
      logger.warn('cannot tell the free space of the disk', { error: describeError(error) });
    }
  }

  private isFull(totalBytes: number): boolean {
    const reserve = Math.min(this.limits.diskReserveBytes, totalBytes * RESERVE_SHARE_MAX);
    return this.usedRatio > this.limits.diskFullRatio || this.freeBytes < reserve;
  }

  private refusal(): {
    reason: 'DISK_FULL';
    message: string;
    diskUsedRatio: number;
    diskFreeBytes: number;
  } {
    const usedPercent = (this.usedRatio * 100).toFixed(1);
    const freeMib = Math.floor(this.freeBytes / MIB);
    return {
      reason: 'DISK_FULL',
      message: `the disk of the store is full: ${usedPercent} % used, ${freeMib} MiB free`,
      diskUsedRatio: this.usedRatio,
      diskFreeBytes: this.freeBytes,
    };
  }
}
