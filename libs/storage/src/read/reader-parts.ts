import type { Logger } from '@rocketmq-ts/kernel';
import type { LogSlabPool } from '../commit-log/log-slab.js';
import type { ConsumeQueue } from '../consume-queue/consume-queue.js';
import type { CrcCheck, TransferLimits } from '../message-store.types.js';
import type { StoreCounters } from '../store-counters.js';
import type { TailCache } from '../tail-cache.js';
import type { FileReadPace } from './file-read-pace.js';
import type { LogChunks } from './log-chunks.js';
import type { UnitSource } from './unit-source.js';

/** What is to be done about a unit that does not lead to its message. */
export type SuspectVerdict =
  /** The queue is being checked against the log: come back later. */
  | 'checking'
  /** It was checked: the log itself is damaged there, the message is lost. */
  | 'damaged';

/** What reads work with. */
export interface ReaderParts {
  readonly logger: Logger;
  readonly counters: StoreCounters;
  readonly tailCache: TailCache;
  readonly pool: LogSlabPool;
  readonly log: LogChunks;
  readonly pace: FileReadPace;
  readonly units: UnitSource;
  readonly queueFileUnitCount: number;
  readonly transferLimits: TransferLimits;
  readonly checkCrcOnRead: CrcCheck;
  /** End of what was in the log when this process opened it. */
  readonly lifeStartOffset: number;
  /** Oldest byte of the log. */
  readonly logStartOffset: () => number;
  /** End of what is in files. */
  readonly writtenOffset: () => number;
  /** End of the log. */
  readonly logEndOffset: () => number;
  /** A record's body was changed on disk; it is not served. */
  readonly onDamage: (queue: ConsumeQueue, queueOffset: number, commitLogOffset: number) => void;
  readonly onSuspectUnit: (
    queue: ConsumeQueue,
    queueOffset: number,
    finding: string,
  ) => SuspectVerdict;
}
