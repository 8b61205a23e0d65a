import type { Disk } from '@rocketmq-ts/kernel';
import type { CheckpointFile, CheckpointValues } from './checkpoint.js';
import type { ConsumeQueues } from './consume-queue/consume-queues.js';
import { writeManifest } from './consume-queue/queue-manifest.js';
import type { DispatchMark } from './dispatch-mark.js';
import type { SidecarFile } from './sidecar.js';

/**
 * Writes down how far the store's files have come, so that the next start knows where to begin.
 *
 * Invariants:
 *  I1  nothing is claimed before it is true: files first, then the manifest, then the sidecar;
 *  I2  Apache's checkpoint tells only of what is synced, and is written behind the sidecar that repeats it.
 */
export class StoreProgress {
  private manifestVersion = -1;

  constructor(
    private readonly parts: {
      readonly disk: Disk;
      readonly rootPath: string;
      readonly queues: ConsumeQueues;
      readonly sidecar: SidecarFile;
      readonly checkpoint: CheckpointFile;
      readonly segmentSizeBytes: number;
      readonly bootId: string;
      /** Oldest byte of the log. */
      readonly logMinOffset: () => number;
      /** End of the log that is written. */
      readonly logEndOffset: () => number;
    },
    private writtenMark: DispatchMark,
    private syncedMark: DispatchMark,
  ) {}

  /** Everything below is handed to the system. */
  get writtenUpTo(): number {
    return this.writtenMark.commitLogOffset;
  }

  /** Everything below is on stable storage. */
  get syncedUpTo(): number {
    return this.syncedMark.commitLogOffset;
  }

  /** Takes note of the state after recovery. @throws system error */
  async begin(): Promise<void> {
    await this.writeManifest(true);
    await this.writeSidecar(false, true);
    await this.parts.checkpoint.write(this.checkpointValues());
  }

  /** The log, still empty, begins at this mark. @throws system error */
  async restartAt(mark: DispatchMark): Promise<void> {
    this.writtenMark = mark;
    this.syncedMark = mark;
    await this.begin();
  }

  /** Queue units and index entries of everything below the mark were handed to the system. @throws system error */
  async noteWritten(mark: DispatchMark): Promise<void> {
    this.writtenMark = mark;
    if (this.manifestVersion !== this.parts.queues.membershipVersion) {
      await this.writeManifest(false);
    }
    await this.writeSidecar(false, false);
  }

  /** Everything below the mark is on stable storage. @throws system error */
  async noteSynced(mark: DispatchMark): Promise<void> {
    this.syncedMark = mark;
    await this.writeManifest(true);
    await this.writeSidecar(false, true);
    await this.parts.checkpoint.write(this.checkpointValues());
  }

  /** The store is closed in order, everything is synced. @throws system error */
  async noteClean(): Promise<void> {
    await this.writeSidecar(true, true);
  }

  /** A sync failed: what was handed to the system counts for nothing. Best effort, the disk is failing. */
  async noteFailure(): Promise<void> {
    this.writtenMark = this.syncedMark;
    await this.writeSidecar(false, false);
  }

  /** The list of queues changed in a way that must not be forgotten. @throws system error */
  async writeManifest(durable: boolean): Promise<void> {
    const { disk, rootPath, queues, logMinOffset } = this.parts;
    this.manifestVersion = queues.membershipVersion;
    await writeManifest(disk, rootPath, queues, { durable, logMinOffset: logMinOffset() });
  }

  private checkpointValues(): CheckpointValues {
    const { lastStoreTimestampMs, lastMessageOffset } = this.syncedMark;
    return {
      physicMsgTimestampMs: lastStoreTimestampMs,
      logicsMsgTimestampMs: lastStoreTimestampMs,
      indexMsgTimestampMs: lastStoreTimestampMs,
      logicsPhysicalOffset: Math.max(lastMessageOffset, 0),
    };
  }

  private writeSidecar(clean: boolean, durable: boolean): Promise<void> {
    const { sidecar, segmentSizeBytes, bootId, logEndOffset } = this.parts;
    const { writtenMark } = this;
    return sidecar.write(
      {
        clean,
        segmentSizeBytes,
        writtenUpTo: writtenMark.commitLogOffset,
        syncedUpTo: this.syncedMark.commitLogOffset,
        logEndOffset: logEndOffset(),
        lastMessageOffset: writtenMark.lastMessageOffset,
        lastStoreTimestampMs: writtenMark.lastStoreTimestampMs,
        checkpoint: this.checkpointValues(),
        bootId,
      },
      durable,
    );
  }
}
