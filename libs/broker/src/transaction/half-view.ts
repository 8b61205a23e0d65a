import { readSafeInt64 } from '@rocketmq-ts/kernel';
import {
  locateRecord,
  NAME_VALUE_SEPARATOR,
  PROPERTY_SEPARATOR,
  RecordAt,
  RecordLayout,
} from '@rocketmq-ts/protocol';
import type { CommittedSource } from './committed-message.js';
import type { RecentHalf } from './recent-halves.js';

/** Properties that a decision needs; the number is the slot of the value. */
const WANTED = ['PGROUP', 'REAL_TOPIC', 'REAL_QID', 'UNIQ_KEY', 'TAGS', 'KEYS'].map((name) =>
  Buffer.from(name),
);
const [GROUP, TOPIC, QUEUE_ID, UNIQ_KEY, TAGS, KEYS] = [0, 1, 2, 3, 4, 5] as const;
/** With one of these a decision goes the long way. */
const RARE = [
  'DELAY',
  'INNER_MULTI_DISPATCH',
  'TIMER_DELAY_SEC',
  'TIMER_DELAY_MS',
  'TIMER_DELIVER_MS',
  'CHECK_IMMUNITY_TIME_IN_SECONDS',
  'TRAN_ORIGIN_QUEUE_OFFSET',
  'TRAN_PREPARED_QUEUE_OFFSET',
].map((name) => Buffer.from(name));

/**
 * What the decision about an ordinary half message needs of its record, read without making an object of it: there is a
 * decision for each half message. One view is reused; it is valid until the next `load`, as long as the bytes are.
 */
export class HalfView implements CommittedSource {
  sysFlag = 0;
  flag = 0;
  queueOffset = -1;
  commitLogOffset = -1;
  bornTimestampMs = 0;
  storeTimestampMs = 0;
  reconsumeTimes = 0;
  bodyBytes: Buffer = Buffer.alloc(0);
  bodyStart = 0;
  bodyEnd = 0;
  /**
   * Known of bytes that this process wrote a moment ago. What comes from the disk may have changed there: its checksum, taken
   * over, would make the next recovery end the log at the copy.
   */
  bodyCrc = -1;
  propertiesStart = 0;
  propertiesEnd = 0;
  group: string | undefined = undefined;
  topic = '';
  queueId = -1;
  uniqKey: string | undefined = undefined;
  tags: string | undefined = undefined;
  keys: string | undefined = undefined;
  readonly multiDispatch = undefined;
  private readonly layout = new RecordLayout();
  private readonly starts = new Int32Array(WANTED.length);
  private readonly ends = new Int32Array(WANTED.length);
  private rare = false;

  /** @returns whether there is a record that the short way can decide about */
  load(bytes: Buffer): boolean {
    if (!this.locate(bytes)) return false;
    this.findProperties();
    if (this.rare || this.ends[TOPIC] === 0) return false;
    this.group = this.text(GROUP);
    this.topic = this.text(TOPIC) ?? '';
    this.queueId = queueIdOf(this.text(QUEUE_ID));
    this.uniqKey = this.text(UNIQ_KEY);
    this.tags = this.text(TAGS);
    this.keys = this.text(KEYS);
    return this.queueId >= 0;
  }

  /** As `load`, with what is remembered of the properties. @returns whether these bytes are the record of `half` */
  loadRecent(bytes: Buffer, half: RecentHalf): boolean {
    if (!this.locate(bytes)) return false;
    this.group = half.group;
    this.topic = half.topic;
    this.queueId = half.queueId;
    this.uniqKey = half.uniqKey;
    this.tags = half.tags;
    this.keys = half.keys;
    this.bodyCrc = bytes.readInt32BE(RecordAt.BODY_CRC);
    return this.queueOffset === half.queueOffset && this.commitLogOffset === half.commitLogOffset;
  }

  private locate(bytes: Buffer): boolean {
    const { layout } = this;
    if (locateRecord(bytes, 0, bytes.length, layout) !== undefined) return false;
    this.bodyBytes = bytes;
    this.sysFlag = layout.sysFlag;
    this.flag = bytes.readInt32BE(RecordAt.FLAG);
    this.queueOffset = readSafeInt64(bytes, RecordAt.QUEUE_OFFSET);
    this.commitLogOffset = readSafeInt64(bytes, RecordAt.COMMIT_LOG_OFFSET);
    this.bornTimestampMs = readSafeInt64(bytes, RecordAt.BORN_TIMESTAMP);
    this.storeTimestampMs = readSafeInt64(bytes, layout.storeTimestampAt);
    this.reconsumeTimes = bytes.readInt32BE(layout.storeHostEnd);
    this.bodyStart = layout.bodyStart;
    this.bodyEnd = layout.bodyEnd;
    this.bodyCrc = -1;
    this.propertiesStart = layout.propertiesStart;
    this.propertiesEnd = layout.propertiesEnd;
    return true;
  }

  get propertiesBytes(): Buffer {
    return this.bodyBytes;
  }

  get bornHostBytes(): Buffer {
    return this.bodyBytes.subarray(RecordAt.BORN_HOST, this.layout.storeTimestampAt);
  }

  private text(slot: number): string | undefined {
    const end = this.ends[slot]!;
    return end === 0 ? undefined : this.bodyBytes.toString('utf8', this.starts[slot], end);
  }

  /** One walk over the properties; as with Java, the last of two with one name counts. */
  private findProperties(): void {
    const { bodyBytes: bytes, propertiesEnd, starts, ends } = this;
    ends.fill(0);
    this.rare = false;
    let nameStart = this.propertiesStart;
    let separator = -1;
    for (let at = nameStart; at <= propertiesEnd; at++) {
      const byte = at === propertiesEnd ? PROPERTY_SEPARATOR : bytes[at]!;
      if (byte === NAME_VALUE_SEPARATOR && separator < 0) separator = at;
      if (byte !== PROPERTY_SEPARATOR) continue;
      if (separator > nameStart && at > separator + 1) {
        const slot = slotOf(WANTED, bytes, nameStart, separator);
        if (slot >= 0) {
          starts[slot] = separator + 1;
          ends[slot] = at;
        } else if (slotOf(RARE, bytes, nameStart, separator) >= 0) {
          this.rare = true;
        }
      }
      nameStart = at + 1;
      separator = -1;
    }
  }
}

/** −1 where the text names none. */
function queueIdOf(text: string | undefined): number {
  const id = Number(text ?? '-1');
  return Number.isInteger(id) && id >= 0 && id <= 0x7fff_ffff ? id : -1;
}

function slotOf(names: readonly Buffer[], bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  for (let slot = 0; slot < names.length; slot++) {
    const name = names[slot]!;
    if (name.length !== length || name[0] !== bytes[start]) continue;
    let i = 1;
    while (i < length && name[i] === bytes[start + i]) i++;
    if (i === length) return slot;
  }
  return -1;
}
