/** A stretch of a log. */
export interface LogBytes {
  readonly offset: number;
  /** Valid until `release`. */
  readonly bytes: Buffer;
  /** Call it exactly once. */
  release(): void;
}

/** A log whose bytes are copied or compared: what replication needs of the store's `rawLog`. Offsets are commit-log offsets. */
export interface SourceLog {
  /** Offset of the oldest byte; where a file begins. */
  readonly minOffset: number;
  /** The system has everything below: only that may be copied, or a copy could be ahead after a kill. */
  readonly writtenOffset: number;
  readonly segmentSizeBytes: number;
  /** Runs `listener` after each write, before the senders are answered. @returns ends it */
  onWritten(listener: () => void): () => void;
  /** Runs `listener` after each sync. @returns ends it */
  onFlushed(listener: () => void): () => void;
  /** At most `maxBytes` from `offset` on, of one file; `done` once, possibly at once. Undefined: the log has no such byte. */
  read(
    offset: number,
    maxBytes: number,
    done: (found: LogBytes | undefined, error?: Error) => void,
  ): void;
  /** CRC-32 of [fromOffset, toOffset), 4 MiB at most; undefined where not all of it is there. @throws system error */
  checksum(fromOffset: number, toOffset: number): Promise<number | undefined>;
  /** The last end of a record or file at or before `offset`; undefined where the log does not reach. @throws system error */
  boundaryBefore(offset: number): Promise<number | undefined>;
}

/** A log that is a copy of another: what replication needs of the store's `replicaLog`. */
export interface CopiedLog {
  /** Where the next byte goes. */
  readonly endOffset: number;
  /** The system has everything below. */
  readonly writtenOffset: number;
  /** Everything below is on stable storage. */
  readonly flushedOffset: number;
  readonly isEmpty: boolean;
  /** The log, which is empty, begins here, at the start of a file. @throws system error */
  beginAt(commitLogOffset: number): Promise<void>;
  /**
   * Takes what `bytes`, which belong at `endOffset`, hold of whole records and filler.
   * @returns bytes taken; the rest is to be given again with what follows it
   * @throws RocketMQError something is no sound record of its place; what stands in front of it was taken
   */
  take(bytes: Buffer): number;
}

/** When a slave's store takes nothing more for now: what replication needs of the store itself. */
export interface CopyPressure {
  /** Why nothing should be taken now; undefined: go on. */
  writeRefusal(): { readonly reason: string } | undefined;
  /** Runs `listener` each time the store has caught up with what it was given. */
  onWritable(listener: () => void): void;
}
