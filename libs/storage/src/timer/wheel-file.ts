import type { Disk, DiskFile } from '@rocketmq-ts/kernel';
import { done } from './timer-checkpoint.js';
import { PAGE_BYTES, SLOT_BYTES, type TimerWheel } from './timer-wheel.js';

/**
 * Apache's file `timerwheel`. It is written for Apache's broker alone: ours builds the wheel from the timer log, since a
 * file that is changed in place says nothing after a power loss. Apache's broker walks over the last file of the timer log
 * when it starts, so that this one may be some minutes behind.
 */
export class WheelFile {
  private file: DiskFile | undefined;

  constructor(
    private readonly disk: Disk,
    private readonly path: string,
    private readonly slotCount: number,
  ) {}

  /** Writes the pages that changed. @throws system error */
  async save(wheel: TimerWheel, durable: boolean): Promise<void> {
    this.file ??= await this.fresh();
    const { file } = this;
    const pages = wheel.takeChanged();
    try {
      for (const { index, bytes } of pages) {
        const position = index * PAGE_BYTES;
        // The last page may reach beyond the wheel.
        const length = Math.min(PAGE_BYTES, this.slotCount * SLOT_BYTES - position);
        file.writeNow([bytes.subarray(0, length)], position);
      }
      if (durable) await done((settle) => file.dataSync(settle));
    } catch (error) {
      wheel.markChanged(pages);
      throw error;
    }
  }

  /** An empty wheel: what an earlier broker left in slots that are not in use must not come back. */
  private async fresh(): Promise<DiskFile> {
    const file = await this.disk.open(this.path, { create: true });
    await file.truncate(0);
    await file.truncate(this.slotCount * SLOT_BYTES);
    return file;
  }

  async close(): Promise<void> {
    await this.file?.close();
    this.file = undefined;
  }
}
