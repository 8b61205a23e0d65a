import type { Clock } from '@rocketmq-ts/kernel';
import { ChangingTable } from '../metadata/changing-table.js';
import { initialVersion, nextVersion } from '../metadata/data-version.js';
import type { DataVersion, DelayOffsetWrapper } from '@rocketmq-ts/protocol';

/** Deliveries after which the version moves on. Source: rocketmq 5.x `delayOffsetUpdateVersionStep`. */
const VERSION_STEP = 200;

/**
 * How far each delay level has been delivered.
 * Source: rocketmq 5.x `ScheduleMessageService`.
 */
export class DelayOffsets extends ChangingTable {
  private readonly byLevel = new Map<number, number>();
  private version: DataVersion;
  private updateCount = 0;

  constructor(private readonly clock: Clock) {
    super();
    this.version = initialVersion(clock);
  }

  restore(saved: DelayOffsetWrapper | undefined): void {
    for (const [level, queueOffset] of saved?.offsetTable ?? []) {
      this.byLevel.set(level, queueOffset);
    }
    if (saved?.dataVersion) this.version = saved.dataVersion;
  }

  /** Queue offset of the next message to deliver; undefined where the level was never used. */
  get(level: number): number | undefined {
    return this.byLevel.get(level);
  }

  set(level: number, queueOffset: number): void {
    if (this.byLevel.get(level) === queueOffset) return;
    this.byLevel.set(level, queueOffset);
    this.changed = true;
    if (++this.updateCount % VERSION_STEP === 0) {
      this.version = nextVersion(this.version, this.clock);
    }
  }

  /** A slave takes over its master's progress in place of its own. */
  adopt({ dataVersion, offsetTable }: DelayOffsetWrapper): void {
    const { byLevel } = this;
    const same = [...offsetTable].every(([level, offset]) => byLevel.get(level) === offset);
    if (same && offsetTable.size === byLevel.size) return;
    byLevel.clear();
    for (const [level, queueOffset] of offsetTable) byLevel.set(level, queueOffset);
    if (dataVersion) this.version = dataVersion;
    this.changed = true;
  }

  content(): DelayOffsetWrapper {
    return { dataVersion: this.version, offsetTable: this.byLevel };
  }
}
