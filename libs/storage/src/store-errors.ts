import { RocketMQError } from '@rocketmq-ts/kernel';

/** Root of what the store throws. Outcomes of appends are values (`StoreOutcome`), not errors. */
export abstract class StorageError extends RocketMQError {}

/**
 * Stored bytes are not what they must be, and cutting them off could lose messages. The store does not start on them
 * (or, found while reading, does not serve them).
 */
export class CorruptionError extends StorageError {
  override readonly code = 'ROCKETMQ_STORE_CORRUPTION';

  constructor(
    /** File that holds the damage. */
    readonly file: string,
    /** Byte position inside `file`. */
    readonly positionBytes: number,
    /** What was found and what should be there, in words. */
    readonly finding: string,
  ) {
    super(`${file} is damaged at byte ${positionBytes}: ${finding}`);
  }
}

/** Another process has the store directory open. */
export class StoreLockedError extends StorageError {
  override readonly code = 'ROCKETMQ_STORE_LOCKED';

  constructor(readonly path: string) {
    super(`the store is in use by another process (lock file ${path})`);
  }
}

/** The directory holds a store that these settings do not fit, e.g. files of another segment size. */
export class StoreLayoutError extends StorageError {
  override readonly code = 'ROCKETMQ_STORE_LAYOUT';

  constructor(
    readonly path: string,
    finding: string,
  ) {
    super(`${path}: ${finding}`);
  }
}

/** The message can never be stored, whatever the state of the disk: a field is longer than the record format allows. */
export class RecordLimitError extends StorageError {
  override readonly code = 'ROCKETMQ_RECORD_LIMIT';

  constructor(
    readonly field: 'topic' | 'properties' | 'record',
    readonly sizeBytes: number,
    readonly limitBytes: number,
  ) {
    super(`${field} of ${sizeBytes} bytes exceeds the record format's limit of ${limitBytes}`);
  }
}

/** The store is closed, or closing: the call came too late. */
export class StoreClosedError extends StorageError {
  override readonly code = 'ROCKETMQ_STORE_CLOSED';

  constructor() {
    super('the store is closed');
  }
}

/** A consume queue was to get a unit that does not follow its last one: messages in between are missing. */
export class QueueGapError extends StorageError {
  override readonly code = 'ROCKETMQ_STORE_QUEUE_GAP';

  constructor(
    readonly topic: string,
    readonly queueId: number,
    readonly expectedQueueOffset: number,
    readonly queueOffset: number,
  ) {
    super(
      `queue ${queueId} of ${topic} expects the message at ${expectedQueueOffset}, not ${queueOffset}`,
    );
  }
}

/** A message names a light queue, and there are as many as there may be. */
export class LightQueueLimitError extends StorageError {
  override readonly code = 'ROCKETMQ_STORE_LIGHT_QUEUES';

  constructor(readonly countMax: number) {
    super(`there are ${countMax} light queues, which is the limit`);
  }
}

/** Bytes of another log hold something that is no sound record of its place: it is not taken. */
export class CopiedRecordError extends StorageError {
  override readonly code = 'ROCKETMQ_COPIED_RECORD';

  constructor(
    readonly commitLogOffset: number,
    /** What is wrong, as `checkRecord` names it. */
    readonly defect: string,
  ) {
    super(`the copied log has no sound record at offset ${commitLogOffset}: ${defect}`);
  }
}
