import { describeError } from '@rocketmq-ts/kernel';
import type { Clock, ClockTask, Logger } from '@rocketmq-ts/kernel';

/** A table that is saved from time to time. */
export interface SavedTable {
  /** Whether there is something to save; asking clears it. */
  takeChanged(): boolean;
  /** The last save failed: there still is. */
  markChanged(): void;
}

/** What a saver works with. */
export interface SaverParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly table: SavedTable;
  /** Writes the table; resolves when it is on stable storage. */
  readonly save: () => Promise<void>;
  /** The file, for log lines. */
  readonly path: string;
  readonly intervalMs: number;
}

/** Saves a table regularly while it changes, and once more at the end. */
export class PeriodicSaver {
  private task: ClockTask | undefined;
  private failing = false;

  constructor(private readonly parts: SaverParts) {}

  start(): void {
    const { clock, intervalMs } = this.parts;
    this.task ??= clock.setPeriodic(intervalMs, () => void this.saveNow());
  }

  /** @throws system error: the last changes are not saved. */
  async stop(): Promise<void> {
    this.task?.cancel();
    this.task = undefined;
    if (this.parts.table.takeChanged()) await this.parts.save();
  }

  /** Saves at once what has changed, for who must not answer before. @throws system error: it is tried again later. */
  async saveChanges(): Promise<void> {
    const { table, save } = this.parts;
    if (!table.takeChanged()) return;
    await save().catch((error: unknown) => {
      table.markChanged();
      throw error;
    });
  }

  private async saveNow(): Promise<void> {
    const { table, save, logger, path } = this.parts;
    if (!table.takeChanged()) return;
    try {
      await save();
      if (this.failing) logger.info('saving works again', { file: path });
      this.failing = false;
    } catch (error) {
      table.markChanged();
      // Once until it works again: a full disk would fill the log as well.
      if (!this.failing) {
        logger.error('could not be saved; it is tried again', {
          file: path,
          reason: describeError(error),
        });
      }
      this.failing = true;
    }
  }
}
