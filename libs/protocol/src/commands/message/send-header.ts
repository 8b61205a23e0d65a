import { isUtf8 } from 'node:buffer';
import { viewOf } from '@rocketmq-ts/kernel';
import {
  NAME_VALUE_SEPARATOR,
  PROPERTY_SEPARATOR,
  formatProperties,
  parsePropertiesBytes,
} from '../../message/message-properties.js';
import type { MessageProperties } from '../../message/message-properties.js';
import { PropertyName, TRANSIENT_PROPERTY_PREFIX } from '../../message/property-name.js';
import { tagsCodeOfBytes } from '../../message/tags-code.js';
import type { CachedText } from './text-cache.js';

/** Properties that ask a broker for more than storing the message. */
const SPECIAL_NAMES: ReadonlySet<string> = new Set([
  PropertyName.DELAY,
  PropertyName.RETRY_TOPIC,
  PropertyName.REAL_TOPIC,
  PropertyName.REAL_QUEUE_ID,
  PropertyName.TRANSACTION_PREPARED,
  PropertyName.TRANSACTION_PREPARED_QUEUE_OFFSET,
  PropertyName.TRANSACTION_OFFSET,
  PropertyName.MSG_REGION,
  PropertyName.TRACE_ON,
  PropertyName.CLUSTER,
  PropertyName.MESSAGE_TYPE,
  PropertyName.POP_CK,
  PropertyName.INNER_NUM,
  PropertyName.INNER_BASE,
  PropertyName.INNER_MULTI_DISPATCH,
  PropertyName.INNER_MULTI_QUEUE_OFFSET,
  PropertyName.TIMER_DELAY_SEC,
  PropertyName.TIMER_DELAY_MS,
  PropertyName.TIMER_DELIVER_MS,
  PropertyName.TIMER_OUT_MS,
  PropertyName.TIMER_ENQUEUE_MS,
  PropertyName.TIMER_DEQUEUE_MS,
  PropertyName.TIMER_ROLL_TIMES,
  PropertyName.TIMER_ROLL_LABEL,
  PropertyName.TIMER_DELETE_UNIQ_KEY,
  PropertyName.TIMER_DELAY_LEVEL,
  PropertyName.CRC32,
  PropertyName.LITE_TOPIC,
  PropertyName.PRIORITY,
]);

/** By length and first byte of a name, whether it could be a special one: most user properties end here. */
const MAYBE_SPECIAL_LENGTH = 64;
const maybeSpecial = new Uint8Array(MAYBE_SPECIAL_LENGTH * 256);
for (const name of SPECIAL_NAMES) maybeSpecial[name.length * 256 + name.charCodeAt(0)] = 1;

const UNDERSCORE = TRANSIENT_PROPERTY_PREFIX.charCodeAt(0);

const ascii = (text: string): number[] => Array.from(Buffer.from(text, 'latin1'));
const KEYS = ascii(PropertyName.KEYS);
const TAGS = ascii(PropertyName.TAGS);
const WAIT = ascii(PropertyName.WAIT);
const UNIQ_KEY = ascii(PropertyName.UNIQ_KEY);

/** Room behind the properties for what a broker adds. */
const SPARE_BYTES = 1024;

/**
 * The header of one send, as its handler needs it: numbers parsed, names as cached strings, properties as the bytes that
 * go into the record. The scanner reuses it: everything but `topicText` and the strings is valid until its next
 * message.
 *
 * I1  `properties[0 … propertiesEnd)` are well-formed: `name \x01 value \x02` each, neither empty, valid UTF-8;
 * I2  the ranges of unique key, keys and tags lie in there, or are −1.
 */
export class SendHeader {
  producerGroup = '';
  topic = '';
  /** `topic` as the cache has it; may be kept. */
  topicText: CachedText = { text: '', found: undefined };
  /** Where the frame's bytes have the topic as it is; both 0 where they have it in another form. */
  topicStart = 0;
  topicEnd = 0;
  defaultTopic = '';
  defaultTopicQueueNums = 0;
  /** Below 0: the broker chooses. */
  queueId = 0;
  sysFlag = 0;
  bornTimestampMs = 0;
  flag = 0;
  reconsumeTimes = 0;
  unitMode = false;
  batch = false;
  maxReconsumeTimes: number | undefined = undefined;

  /** The properties from 0 to `propertiesEnd`; there is room for 1 KiB more behind them. */
  properties: Buffer = Buffer.allocUnsafeSlow(4 * SPARE_BYTES);
  propertiesEnd = 0;
  /** View of `properties`. */
  propertiesView: DataView = viewOf(this.properties);

  uniqKeyStart = -1;
  uniqKeyEnd = -1;
  keysStart = -1;
  keysEnd = -1;
  tagsStart = -1;
  tagsEnd = -1;
  /** See `tagsCodeOf`. */
  tagsCode = 0;
  /** The sender wants to hear only when the message is as safe as the broker makes messages. */
  waitForStore = true;
  /**
   * Some property asks for more than storing (a delay, a transaction, …) or must not come from outside: look at
   * `propertiesMap()`.
   */
  special = false;

  uniqKey(): string | undefined {
    return this.text(this.uniqKeyStart, this.uniqKeyEnd);
  }

  keys(): string | undefined {
    return this.text(this.keysStart, this.keysEnd);
  }

  tags(): string | undefined {
    return this.text(this.tagsStart, this.tagsEnd);
  }

  propertiesMap(): MessageProperties {
    return parsePropertiesBytes(this.properties, 0, this.propertiesEnd);
  }

  /** Puts a property behind the others; `bytes` come from `propertyBytes`. */
  appendProperty(bytes: Buffer): void {
    const end = this.propertiesEnd;
    if (end + bytes.length > this.properties.length) this.grow(end + bytes.length);
    this.properties.set(bytes, end);
    this.propertiesEnd = end + bytes.length;
  }

  /** Takes other properties instead of those that came. */
  setProperties(properties: MessageProperties): void {
    const text = formatProperties(properties);
    this.startProperties(Buffer.byteLength(text, 'utf8'));
    const end = this.properties.write(text, 0, 'utf8');
    let start = 0;
    for (let at = 0; at < end; at++) {
      if (this.properties[at] !== PROPERTY_SEPARATOR) continue;
      this.noteProperty(start, this.properties.indexOf(NAME_VALUE_SEPARATOR, start), at);
      start = at + 1;
    }
    this.propertiesEnd = end;
  }

  /** For the scanner: forgets the properties and makes room for up to `bytesMax` of new ones. */
  startProperties(bytesMax: number): void {
    if (this.properties.length < bytesMax + SPARE_BYTES) this.grow(bytesMax + SPARE_BYTES);
    this.propertiesEnd = 0;
    this.uniqKeyStart = -1;
    this.keysStart = -1;
    this.tagsStart = -1;
    this.tagsCode = 0;
    this.waitForStore = true;
    this.special = false;
  }

  /** For the scanner: a property stands at `start … end`, its separator at `separator`. */
  noteProperty(start: number, separator: number, end: number): void {
    const { properties } = this;
    const nameLength = separator - start;
    const first = properties[start]!;
    if (nameLength === 4) {
      if (first === 0x54 && matches(properties, start, TAGS)) return this.noteTags(separator, end);
      if (first === 0x4b && matches(properties, start, KEYS)) {
        this.keysStart = separator + 1;
        this.keysEnd = end;
        return;
      }
      if (first === 0x57 && matches(properties, start, WAIT)) {
        this.waitForStore = isTrue(properties, separator + 1, end);
        return;
      }
    } else if (nameLength === 8 && first === 0x55 && matches(properties, start, UNIQ_KEY)) {
      this.uniqKeyStart = separator + 1;
      this.uniqKeyEnd = end;
      return;
    }
    if (nameLength < MAYBE_SPECIAL_LENGTH && maybeSpecial[nameLength * 256 + first] === 1) {
      this.special ||= SPECIAL_NAMES.has(properties.toString('latin1', start, separator));
    }
    if (first === UNDERSCORE && nameLength >= TRANSIENT_PROPERTY_PREFIX.length) {
      const name = properties.toString('latin1', start, separator);
      this.special ||= name.startsWith(TRANSIENT_PROPERTY_PREFIX);
    }
  }

  /** For the scanner: whether what it wrote beyond ASCII is text. */
  hasTextProperties(end: number): boolean {
    return isUtf8(this.properties.subarray(0, end));
  }

  private noteTags(separator: number, end: number): void {
    this.tagsStart = separator + 1;
    this.tagsEnd = end;
    this.tagsCode = tagsCodeOfBytes(this.properties, this.tagsStart, end);
  }

  private text(start: number, end: number): string | undefined {
    return start < 0 ? undefined : this.properties.toString('utf8', start, end);
  }

  private grow(bytes: number): void {
    const grown = Buffer.allocUnsafeSlow(bytes + SPARE_BYTES);
    grown.set(this.properties.subarray(0, this.propertiesEnd));
    this.properties = grown;
    this.propertiesView = viewOf(grown);
  }
}

function matches(bytes: Buffer, at: number, name: readonly number[]): boolean {
  for (let i = 1; i < name.length; i++) if (bytes[at + i] !== name[i]) return false;
  return true;
}

/** As Java's `Boolean.parseBoolean`. */
function isTrue(bytes: Buffer, start: number, end: number): boolean {
  return (
    end - start === 4 &&
    (bytes[start]! | 0x20) === 0x74 &&
    (bytes[start + 1]! | 0x20) === 0x72 &&
    (bytes[start + 2]! | 0x20) === 0x75 &&
    (bytes[start + 3]! | 0x20) === 0x65
  );
}
