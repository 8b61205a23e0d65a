import { javaHashCode } from '@rocketmq-ts/kernel';
import type { ConsumeQueue } from './consume-queue/consume-queue.js';
import type { IndexKeys, StoreOutcome, StoreQueue } from './message-store.types.js';

const NO_BYTES = Buffer.alloc(0);

/** A place in a light queue. */
export interface LightUnit {
  readonly queue: ConsumeQueue;
  readonly queueOffset: number;
}

/** One message on its way through the log: what queues, index and answers need of it. */
export abstract class LogEntry implements IndexKeys {
  // What making it known touches comes first, and lies together.
  queue!: StoreQueue;
  /** Position in the queue; 0 for prepared and rolled-back transaction messages, which are in no queue. */
  queueOffset = -1;
  commitLogOffset = -1;
  /** Size of the whole record. */
  sizeBytes = 0;
  storeTimestampMs = 0;
  /** Bits of the message; the store itself sets the two that tell IPv6 hosts from IPv4. */
  sysFlag = 0;
  /**
   * Goes into the consume queue: hash of the tags, 0 without; for the schedule topic the time of delivery, which must
   * be what `MessageStoreOptions.deliverTimestampMs` gives for this level at `clock.nowMs()`.
   */
  tagsCode = 0;
  /** Its places in light queues; for the store alone. */
  lightUnits: readonly LightUnit[] | undefined = undefined;
  uniqKeyHash = 0;
  uniqKeyLength = 0;
  keys: string | undefined = undefined;
  tagsHash = 0;
  tagsLength = 0;
  /** False: answered as soon as the bytes are written, also in a mode that flushes first (property WAIT). */
  waitForStore = true;

  /** Sets what the index wants to know of the property UNIQ_KEY. */
  indexUniqKey(text = ''): void {
    this.uniqKeyHash = javaHashCode(text);
    this.uniqKeyLength = text.length;
  }

  /** Sets what the index wants to know of the property TAGS. */
  indexTags(text = ''): void {
    this.tagsHash = javaHashCode(text);
    this.tagsLength = text.length;
  }

  /**
   * The fate of the message; called exactly once, never from inside `append`. Must not throw. Entries of one batch
   * are called one after the other in the order of their appends.
   */
  abstract onStored(outcome: StoreOutcome): void;
}

/**
 * One message on its way into the store. The caller makes a subclass with what it needs for its answer, sets the
 * fields – those of `LogEntry` but offsets, size and time, which the store sets during `append` – and passes it to `append`;
 * the store calls `onStored` once. The byte fields are read during `append` alone and may be overwritten afterwards.
 */
export abstract class AppendEntry extends LogEntry {
  /**
   * UTF-8 of `queue.topic`, as the record stores it: `topicBytes[topicStart … topicEnd)`; at most 32 767 bytes (above 127 a
   * version 2 record is written).
   */
  topicBytes: Buffer = NO_BYTES;
  topicStart = 0;
  topicEnd = 0;
  /** The user's flag. */
  flag = 0;
  bornTimestampMs = 0;
  /** Address and port as the record stores them: 8 bytes (IPv4) or 20 (IPv6). */
  bornHostBytes: Buffer = NO_BYTES;
  reconsumeTimes = 0;
  preparedTransactionOffset = 0;
  /** The body is `bodyBytes[bodyStart … bodyEnd)`. */
  bodyBytes: Buffer = NO_BYTES;
  bodyStart = 0;
  bodyEnd = 0;
  /** Checksum of the body as a record holds it, where it is known already; −1: the store works it out. */
  bodyCrc = -1;
  /** Properties as they are stored (`key\x01value\x02…`, UTF-8): `propertiesBytes[propertiesStart … propertiesEnd)`. */
  propertiesBytes: Buffer = NO_BYTES;
  propertiesStart = 0;
  propertiesEnd = 0;
  /**
   * Value of the property INNER_MULTI_DISPATCH: light queues in which the message shall stand, too. Wherever the property
   * is there this must be set.
   */
  multiDispatch: string | undefined = undefined;

  /** Sets the topic to all of these bytes. */
  setTopic(bytes: Buffer): void {
    this.topicBytes = bytes;
    this.topicStart = 0;
    this.topicEnd = bytes.length;
  }
}
