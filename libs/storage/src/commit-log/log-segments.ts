import { describeError, invariant, type Clock, type Disk, type Logger } from '@rocketmq-ts/kernel';
import { Segment, segmentName } from '../segment.js';
import { isOutOfSpace, type StoreHealth } from '../store-health.js';

const RETRY_MS = 1_000;

/**
 * The files of the commit log, and the next one made ready before it is needed.
 *
 * Invariants:
 *  I1  segments follow each other without gaps: each starts where the one before ends;
 *  I2  every segment has its full length, so that Apache's broker can map it;
 *  I3  a segment is in the list only after its creation is durable.
 */
export class LogSegments {
  private readonly segments: Segment[] = [];
  private creating = false;
  private stopped = false;
  private creation: Promise<void> = Promise.resolve();
  private onReady: (() => void) | undefined;

  constructor(
    private readonly seams: { disk: Disk; clock: Clock; logger: Logger },
    private readonly directory: string,
    readonly segmentSizeBytes: number,
    private readonly health: StoreHealth,
  ) {}

  /** Offset of the oldest byte. Source: rocketmq `CommitLog#getMinOffset`. */
  get minOffset(): number {
    return this.segments.length === 0 ? 0 : this.segments[0]!.startOffset;
  }

  /** Offset behind the last byte of the last file, whether written or not. */
  get endOffset(): number {
    return this.segments.length === 0 ? 0 : this.segments[this.segments.length - 1]!.endOffset;
  }

  get all(): readonly Segment[] {
    return this.segments;
  }

  /** Where the file that holds (or will hold) this byte of the log begins. */
  startOf(commitLogOffset: number): number {
    return commitLogOffset - (commitLogOffset % this.segmentSizeBytes);
  }

  /** The file that holds this byte, or undefined. */
  find(commitLogOffset: number): Segment | undefined {
    if (this.segments.length === 0) return undefined;
    const index = Math.floor((commitLogOffset - this.minOffset) / this.segmentSizeBytes);
    return this.segments[index];
  }

  /** Takes in a file that was found at start, or made. */
  adopt(segment: Segment): void {
    invariant(
      this.segments.length === 0 || segment.startOffset === this.endOffset,
      'I1: segments follow each other',
    );
    this.segments.push(segment);
  }

  /**
   * Starts to make the file that begins at `startOffset` unless it is there already; the one in front of it first where that is
   * missing too, because more than a file was appended while an earlier one was made (I1).
   */
  prepare(startOffset: number): void {
    if (this.creating || this.stopped || this.find(startOffset)) return;
    this.creating = true;
    this.creation = this.create(this.segments.length === 0 ? startOffset : this.endOffset);
  }

  /** Calls `listener` each time a new file is ready. */
  whenReady(listener: () => void): void {
    this.onReady = listener;
  }

  /** Makes the first file and waits for it. @throws system error */
  async createNow(startOffset: number): Promise<Segment> {
    const segment = await this.make(startOffset);
    this.adopt(segment);
    return segment;
  }

  /**
   * A log without a single byte begins elsewhere: its file is replaced by the one that begins at `startOffset`. After a kill in
   * between there is none, which is an empty log, too. @throws system error
   */
  async restartAt(startOffset: number): Promise<void> {
    const { disk } = this.seams;
    await this.creation;
    for (const { file } of this.segments.splice(0)) {
      await file.close();
      await disk.remove(file.path);
    }
    await disk.syncDirectory(this.directory);
    await this.createNow(startOffset);
  }

  /** Takes the oldest file out of the list; the caller closes and removes it. */
  dropFirst(): Segment | undefined {
    return this.segments.shift();
  }

  /** Takes out the last file. */
  dropLast(): Segment | undefined {
    return this.segments.pop();
  }

  async close(): Promise<void> {
    this.stopped = true;
    await this.creation;
    for (const segment of this.segments) await segment.file.close();
  }

  private async create(startOffset: number): Promise<void> {
    try {
      this.adopt(await this.make(startOffset));
      this.creating = false;
      this.health.clearOutOfSpace('file');
      this.onReady?.();
    } catch (error) {
      this.seams.logger.error('cannot make the next commit-log file', {
        startOffset,
        error: describeError(error),
      });
      if (isOutOfSpace(error)) {
        this.health.setOutOfSpace('file', {
          reason: 'DISK_FULL',
          message: `no room for the next commit-log file: ${describeError(error)}`,
        });
      } else {
        this.health.fail('making a commit-log file', error);
      }
      this.seams.clock.setTimer(RETRY_MS, () => {
        this.creating = false;
        if (!this.health.fatal) this.prepare(startOffset);
      });
    }
  }

  private async make(startOffset: number): Promise<Segment> {
    const { disk } = this.seams;
    const path = `${this.directory}/${segmentName(startOffset)}`;
    const file = await disk.open(path, { create: true });
    try {
      if (file.sizeBytes !== this.segmentSizeBytes) await file.truncate(this.segmentSizeBytes);
      // The length too must survive a power loss: a later file may be written while this one is still short.
      await new Promise<void>((resolve, reject) => {
        file.dataSync((error) => (error ? reject(error) : resolve()));
      });
      await disk.syncDirectory(this.directory);
    } catch (error) {
      await file.close();
      throw error;
    }
    return new Segment(file, startOffset, this.segmentSizeBytes);
  }
}
