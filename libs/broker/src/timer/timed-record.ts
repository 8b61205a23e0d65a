import { javaHashCode, readSafeInt64 } from '@rocketmq-ts/kernel';
import {
  decodeRecord,
  locateRecord,
  PROPERTY_SEPARATOR,
  propertySearchKey,
  RecordAt,
  RecordLayout,
} from '@rocketmq-ts/protocol';
import { timedMessageOf } from './timed-message.js';
import { wishedTimeMs } from './timer-rules.js';

/** Properties that say when and where; the number is the place in `TimedRecord.starts`. */
const Key = {
  OUT_MS: 0,
  REAL_TOPIC: 1,
  REAL_QID: 2,
  DELETE: 3,
  DELAY_SEC: 4,
  DELAY_MS: 5,
  DELIVER_MS: 6,
  ROLLS: 7,
} as const;
const SEARCH_KEYS = [
  'TIMER_OUT_MS',
  'REAL_TOPIC',
  'REAL_QID',
  'TIMER_DEL_UNIQKEY',
  'TIMER_DELAY_SEC',
  'TIMER_DELAY_MS',
  'TIMER_DELIVER_MS',
  'TIMER_ROLL_TIMES',
].map((name) => propertySearchKey(name));
const [T, R] = Buffer.from('TR');
/** Fifteen digits are a safe number whatever they are. */
const PLAIN_DIGITS_MAX = 15;
const QUEUE_ID_MAX = 0x7fff_ffff;

/**
 * Reads what the timer notes of a record, out of its bytes. One object reads all records: of a million that are noted in
 * half a minute, nothing may be left for the garbage collector. Anything that is not written as brokers write it goes the
 * long way, by `timedMessageOf`, which has the last word on what a record says.
 */
export class TimedRecord {
  sizeBytes = 0;
  queueOffset = 0;
  commitLogOffset = 0;
  storeTimestampMs = 0;
  /** False: it does not say when and where it is to be delivered, and the fields below mean nothing. */
  isTimed = false;
  /** Slot that it was sent for. */
  outMs = 0;
  /** Time that it names; undefined where that is no number. */
  wishedMs: number | undefined;
  /** Whether it calls another message back. */
  recalls = false;
  realTopic = '';
  topicHash = 0;
  private topicBytes = Buffer.alloc(0);
  private readonly layout = new RecordLayout();
  private readonly starts = new Int32Array(SEARCH_KEYS.length);
  private readonly ends = new Int32Array(SEARCH_KEYS.length);

  /** Reads the record at `position`. @throws as `decodeRecord` */
  read(bytes: Buffer, position: number): void {
    const { layout } = this;
    // The long way says what is wrong with it.
    if (locateRecord(bytes, position, bytes.length, layout)) decodeRecord(bytes, position);
    this.sizeBytes = layout.propertiesEnd - position;
    this.queueOffset = readSafeInt64(bytes, position + RecordAt.QUEUE_OFFSET);
    this.commitLogOffset = readSafeInt64(bytes, position + RecordAt.COMMIT_LOG_OFFSET);
    this.storeTimestampMs = readSafeInt64(bytes, layout.storeTimestampAt);
    this.findProperties(bytes);
    if (!this.readPlain(bytes)) this.readAny(bytes, position);
  }

  /** Notes where the values lie; of equal names the last one counts, an empty value counts as none. */
  private findProperties(bytes: Buffer): void {
    const { starts, ends } = this;
    const { propertiesEnd } = this.layout;
    starts.fill(-1);
    let at = this.layout.propertiesStart;
    while (at < propertiesEnd) {
      let end = at;
      while (end < propertiesEnd && bytes[end] !== PROPERTY_SEPARATOR) end++;
      if (bytes[at] === T || bytes[at] === R) {
        const key = keyAt(bytes, at, end);
        const valueStart = at + (SEARCH_KEYS[key]?.length ?? 0);
        if (key >= 0 && valueStart < end) {
          starts[key] = valueStart;
          ends[key] = end;
        }
      }
      at = end + 1;
    }
  }

  /** @returns false where something is written in another way than as plain digits, or is missing. */
  private readPlain(bytes: Buffer): boolean {
    const outMs = this.digits(bytes, Key.OUT_MS);
    const queueId = this.digits(bytes, Key.REAL_QID);
    if (outMs < 0 || queueId < 0 || queueId > QUEUE_ID_MAX || !this.has(Key.REAL_TOPIC))
      return false;
    const key = this.wishKey();
    const wished = key === undefined ? 0 : this.digits(bytes, key);
    if (wished < 0) return false;
    this.isTimed = true;
    this.outMs = outMs;
    this.recalls = this.has(Key.DELETE);
    if (key === undefined) this.wishedMs = undefined;
    else if (key === Key.DELIVER_MS) this.wishedMs = wished;
    else this.wishedMs = this.storeTimestampMs + wished * (key === Key.DELAY_SEC ? 1_000 : 1);
    if (this.wishedMs !== undefined && !Number.isSafeInteger(this.wishedMs)) return false;
    this.readTopic(bytes);
    return true;
  }

  /** Which property counts; as `timedMessageOf` and `wishedTimeMs` choose. */
  private wishKey(): number | undefined {
    const rolled = this.has(Key.ROLLS) && this.has(Key.DELIVER_MS);
    if (!rolled && this.has(Key.DELAY_SEC)) return Key.DELAY_SEC;
    if (!rolled && this.has(Key.DELAY_MS)) return Key.DELAY_MS;
    return this.has(Key.DELIVER_MS) ? Key.DELIVER_MS : undefined;
  }

  private readAny(bytes: Buffer, position: number): void {
    const record = decodeRecord(bytes, position);
    const message = timedMessageOf(record);
    this.isTimed = message !== undefined;
    if (message === undefined) return;
    this.outMs = message.outMs;
    this.wishedMs = wishedTimeMs(message.wish, record.storeTimestampMs);
    this.recalls = message.deleteKey !== undefined;
    this.setTopic(message.realTopic);
  }

  /** Neighbours mostly go to the same topic: its text and hash are kept. */
  private readTopic(bytes: Buffer): void {
    const { topicBytes } = this;
    const [start, end] = [this.starts[Key.REAL_TOPIC]!, this.ends[Key.REAL_TOPIC]!];
    if (
      end - start === topicBytes.length &&
      bytes.compare(topicBytes, 0, topicBytes.length, start, end) === 0
    )
      return;
    this.setTopic(bytes.toString('utf8', start, end));
  }

  private setTopic(topic: string): void {
    this.realTopic = topic;
    this.topicHash = javaHashCode(topic);
    this.topicBytes = Buffer.from(topic);
  }

  private has(key: number): boolean {
    return this.starts[key]! >= 0;
  }

  /** The number that a value of digits alone says; −1 for any other. */
  private digits(bytes: Buffer, key: number): number {
    const [start, end] = [this.starts[key]!, this.ends[key]!];
    if (start < 0 || end - start > PLAIN_DIGITS_MAX) return -1;
    let value = 0;
    for (let at = start; at < end; at++) {
      const digit = bytes[at]! - 0x30;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return value;
  }
}

/** Which of the keys stands at `at`; −1 for none. */
function keyAt(bytes: Buffer, at: number, end: number): number {
  for (let key = 0; key < SEARCH_KEYS.length; key++) {
    const wanted = SEARCH_KEYS[key]!;
    if (end - at < wanted.length) continue;
    let i = 0;
    while (i < wanted.length && bytes[at + i] === wanted[i]) i++;
    if (i === wanted.length) return key;
  }
  return -1;
}
