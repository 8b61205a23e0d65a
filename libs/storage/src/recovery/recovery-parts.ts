import type { Clock, Disk, Logger } from '@rocketmq-ts/kernel';
import type { CheckpointFile } from '../checkpoint.js';
import type { StartDecision } from '../commit-log/commit-log.recovery.js';
import type { LogSegments } from '../commit-log/log-segments.js';
import type { ConsumeQueues } from '../consume-queue/consume-queues.js';
import type { QueueFiles } from '../consume-queue/queue-files.js';
import type { QueueFlusher } from '../consume-queue/queue-flusher.js';
import type { DispatchMark } from '../dispatch-mark.js';
import type { StoreSettings } from '../message-store.options.js';
import type { IndexSink } from '../message-store.types.js';
import type { SidecarFile } from '../sidecar.js';

/** What recovery works on; it fills segments and queues. */
export interface RecoveryParts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: StoreSettings;
  readonly segments: LogSegments;
  readonly queues: ConsumeQueues;
  readonly files: QueueFiles;
  readonly flusher: QueueFlusher;
  readonly index: IndexSink | undefined;
  readonly sidecar: SidecarFile;
  readonly checkpoint: CheckpointFile;
  readonly abortPresent: boolean;
}

/** What recovery found. */
export interface Recovered {
  readonly basis: StartDecision['basis'];
  /** End of the log. */
  readonly logEndOffset: number;
  /** Everything below is on stable storage for sure. */
  readonly logFlushedOffset: number;
  readonly writtenMark: DispatchMark;
  readonly syncedMark: DispatchMark;
  readonly scannedBytes: number;
  readonly rebuiltQueues: number;
  readonly elapsedMs: number;
}
