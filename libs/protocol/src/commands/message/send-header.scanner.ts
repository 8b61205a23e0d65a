import { memoryViewOf } from '@rocketmq-ts/kernel';
import { codec } from '../../define-command.js';
import { SerializeType } from '../../frame/frame.js';
import type { RemotingFrame } from '../../frame/frame.js';
import {
  NAME_VALUE_SEPARATOR,
  PROPERTY_SEPARATOR,
  parseProperties,
} from '../../message/message-properties.js';
import { JsonFieldCursor } from './json-field.cursor.js';
import { copyPlainRun } from './plain-run.js';
import { sendFields, sendFieldsV2 } from './send-fields.js';
import { SendHeader } from './send-header.js';
import { SendHeaderLayout, type SlotReader } from './send-header.layout.js';
import { SendMessage } from './send-message.command.js';
import { SendMessageV2 } from './send-message-v2.command.js';
import type { CachedText } from './text-cache.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const ZERO = 0x30;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LETTER_A = 0x61;
const LETTER_U = 0x75;
const OPEN = 0x7b;

/** What stands for a field: its one-letter name's place in the alphabet. */
const Slot = {
  PRODUCER_GROUP: 0,
  TOPIC: 1,
  DEFAULT_TOPIC: 2,
  DEFAULT_TOPIC_QUEUES: 3,
  QUEUE_ID: 4,
  SYS_FLAG: 5,
  BORN_TIMESTAMP: 6,
  FLAG: 7,
  PROPERTIES: 8,
  RECONSUME_TIMES: 9,
  UNIT_MODE: 10,
  MAX_RECONSUME_TIMES: 11,
  BATCH: 12,
  BROKER_NAME: 13,
} as const;
const IGNORED = Slot.BROKER_NAME;
const SLOT_COUNT = IGNORED + 1;

/** The fields that must be there: the first eight. */
const REQUIRED = 0xff;

/** Long names by their length and first byte. */
const slotsByName = new Map<number, { readonly name: Buffer; readonly slot: number }[]>();
for (const [name, field] of Object.entries(sendFields)) {
  const wireName = Buffer.from(field.wireName ?? name, 'latin1');
  const letter = sendFieldsV2[name as keyof typeof sendFields].wireName!;
  const key = (wireName.length << 8) | wireName[0]!;
  const list = slotsByName.get(key) ?? [];
  list.push({ name: wireName, slot: letter.charCodeAt(0) - LETTER_A });
  slotsByName.set(key, list);
}

/** Single-letter escapes of JSON: the byte each letter stands for, 0 for none. */
const escapes = new Uint8Array(256);
for (const letter of '"\\/') escapes[letter.charCodeAt(0)] = letter.charCodeAt(0);
for (const letter of 'bfnrt') {
  escapes[letter.charCodeAt(0)] = (JSON.parse(`"\\${letter}"`) as string).charCodeAt(0);
}

/**
 * Reads the headers of SEND_MESSAGE, SEND_MESSAGE_V2 and SEND_BATCH_MESSAGE in one walk over their bytes. What is
 * unusual – white space, an escape in a name, a number in quotes that is none, a doubled or missing field – is left to
 * the command's codec, which also words the failure: both ways give the same.
 *
 * One scanner serves any number of connections; it holds one header at a time.
 */
export class SendHeaderScanner implements SlotReader {
  private readonly header = new SendHeader();
  /** Where the scan stands; −1 when it met something unusual. */
  private readonly cursor = new JsonFieldCursor();
  private readonly layout = new SendHeaderLayout();
  /** By slot, where the value of the header being scanned lies; −1 for a field that is not there. */
  private readonly valueStarts = new Int32Array(SLOT_COUNT);
  private readonly valueEnds = new Int32Array(SLOT_COUNT);

  /**
   * @returns the header, valid until the next call.
   * @throws {MalformedHeaderError} naming the field. @throws {MalformedFrameError} the header is no JSON.
   */
  scan(frame: RemotingFrame): SendHeader {
    const { header } = this;
    header.startProperties(0);
    const json = frame.serializeType === SerializeType.JSON;
    const longNames = frame.code === SendMessage.code;
    if (json && this.layout.read(frame, longNames, header, this)) return header;
    header.startProperties(0);
    header.reconsumeTimes = 0;
    header.unitMode = false;
    header.batch = false;
    header.maxReconsumeTimes = undefined;
    const seen = json ? this.scanJson(frame, longNames) : this.scanBinary(frame, longNames);
    if ((seen & REQUIRED) !== REQUIRED) this.readStrictly(frame);
    else if (json) {
      this.layout.learn(frame, longNames, header, this.valueStarts, this.valueEnds);
    }
    return header;
  }

  /** For the layout: reads one value. @returns where its closing quote is, −1 where something unusual stands. */
  readSlot(frame: RemotingFrame, at: number, slot: number): number {
    this.jsonValue(frame.bytes, at, frame.extEnd - 1, slot);
    return this.cursor.at - 1 < at ? -1 : this.cursor.at - 1;
  }

  /** @returns the fields that were seen, one bit each; 0 when the strict way must be gone. */
  private scanJson(frame: RemotingFrame, longNames: boolean): number {
    const { bytes } = frame;
    const last = frame.extEnd - 1;
    if (bytes[frame.extStart] !== OPEN) return 0;
    this.valueStarts.fill(-1);
    let seen = 0;
    let at = frame.extStart + 1;
    for (;;) {
      if (bytes[at] !== QUOTE) return 0;
      const slot = this.jsonSlot(bytes, at + 1, last, longNames);
      const valueStart = this.cursor.at;
      if (valueStart < 0) return 0;
      if (slot !== IGNORED) {
        const bit = 1 << slot;
        if ((seen & bit) !== 0) return 0;
        seen |= bit;
      }
      this.jsonValue(bytes, valueStart, last, slot);
      at = this.cursor.at;
      if (at < 0) return 0;
      this.valueStarts[slot] = valueStart;
      this.valueEnds[slot] = at - 1;
      if (bytes[at] !== COMMA) break;
      at++;
    }
    return at === last ? seen : 0;
  }

  /** Which field the name at `at` (behind its quote) is; leaves `this.cursor.at` behind the quote that opens the value. */
  private jsonSlot(bytes: Buffer, at: number, last: number, longNames: boolean): number {
    let slot: number = IGNORED;
    let end = at + 1;
    if (bytes[at] === QUOTE || bytes[at] === BACKSLASH) return this.unusual();
    if (bytes[end] === QUOTE) {
      const letter = bytes[at]! - LETTER_A;
      if (!longNames && letter >= 0 && letter < IGNORED) slot = letter;
    } else {
      while (end < last && bytes[end] !== QUOTE) {
        if (bytes[end] === BACKSLASH) return this.unusual();
        end++;
      }
      if (longNames) slot = slotOfName(bytes, at, end);
    }
    if (bytes[end + 1] !== COLON || bytes[end + 2] !== QUOTE) return this.unusual();
    this.cursor.at = end + 3;
    return slot;
  }

  private unusual(): number {
    this.cursor.at = -1;
    return 0;
  }

  /** Reads the value at `at` (behind its quote); leaves `this.cursor.at` behind the closing quote. */
  private jsonValue(bytes: Buffer, at: number, last: number, slot: number): void {
    const { header } = this;
    switch (slot) {
      case Slot.PRODUCER_GROUP:
        header.producerGroup = this.cursor.text(bytes, at, last).text;
        return;
      case Slot.TOPIC: {
        const topic = this.cursor.text(bytes, at, last);
        header.topic = topic.text;
        header.topicText = topic;
        header.topicStart = at;
        header.topicEnd = this.cursor.at - 1;
        return;
      }
      case Slot.DEFAULT_TOPIC:
        header.defaultTopic = this.cursor.text(bytes, at, last).text;
        return;
      case Slot.PROPERTIES:
        this.jsonProperties(bytes, at, last);
        return;
      case IGNORED:
        this.cursor.skipText(bytes, at, last);
        return;
      case Slot.UNIT_MODE:
      case Slot.BATCH:
        this.storeFlag(slot, this.cursor.flag(bytes, at));
        break;
      default:
        this.storeNumber(slot, this.cursor.integer(bytes, at));
    }
    this.cursor.close(bytes);
  }

  private storeFlag(slot: number, value: boolean): void {
    if (slot === Slot.BATCH) this.header.batch = value;
    else this.header.unitMode = value;
  }

  private storeNumber(slot: number, value: number): void {
    const { header } = this;
    if (slot === Slot.BORN_TIMESTAMP) {
      header.bornTimestampMs = value;
      return;
    }
    if ((value | 0) !== value) this.cursor.at = -1;
    if (slot === Slot.QUEUE_ID) header.queueId = value;
    else if (slot === Slot.SYS_FLAG) header.sysFlag = value;
    else if (slot === Slot.FLAG) header.flag = value;
    else if (slot === Slot.DEFAULT_TOPIC_QUEUES) header.defaultTopicQueueNums = value;
    else if (slot === Slot.RECONSUME_TIMES) header.reconsumeTimes = value;
    else header.maxReconsumeTimes = value;
  }

  /** Unescapes properties straight into the header's buffer and notes the ones that matter. */
  private jsonProperties(bytes: Buffer, start: number, last: number): void {
    const { header } = this;
    header.startProperties(last - start + 1);
    const out = header.properties;
    const view = memoryViewOf(bytes);
    const offset = bytes.byteOffset;
    let at = start;
    let length = 0;
    let propertyStart = 0;
    let separator = -1;
    let plainAscii = true;
    this.cursor.at = -1;
    for (;;) {
      const run = copyPlainRun(view, offset + at, offset + last, header.propertiesView, length);
      at += run;
      length += run;
      if (at >= last) return;
      let byte = bytes[at]!;
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        byte = unescaped(bytes, at);
        if (byte === 0) return;
        at += bytes[at + 1] === LETTER_U ? 6 : 2;
        if (byte === NAME_VALUE_SEPARATOR) {
          if (separator < 0) separator = length;
        } else if (byte === PROPERTY_SEPARATOR) {
          if (separator <= propertyStart || separator === length - 1) return;
          header.noteProperty(propertyStart, separator, length);
          propertyStart = length + 1;
          separator = -1;
        }
      } else {
        if (byte < 0x20) return;
        plainAscii = false;
        at++;
      }
      out[length++] = byte;
    }
    if (!plainAscii && !header.hasTextProperties(length)) return;
    if (propertyStart < length) {
      // 4.9.8 leaves the last separator out; records of this store have it.
      if (separator <= propertyStart || separator === length - 1) return;
      header.noteProperty(propertyStart, separator, length);
      out[length++] = PROPERTY_SEPARATOR;
    }
    header.propertiesEnd = length;
    this.cursor.at = at + 1;
  }

  /** @returns the fields that were seen, one bit each; 0 when the strict way must be gone. */
  private scanBinary(frame: RemotingFrame, longNames: boolean): number {
    const { bytes, extEnd } = frame;
    let at = frame.extStart;
    let seen = 0;
    while (at + 6 < extEnd) {
      const name = at + 2;
      const nameEnd = name + ((bytes[at]! << 8) | bytes[at + 1]!);
      const value = nameEnd + 4;
      if (value > extEnd) return 0;
      const valueEnd = value + bytes.readInt32BE(nameEnd);
      if (valueEnd < value || valueEnd > extEnd) return 0;
      at = valueEnd;
      const slot = longNames
        ? slotOfName(bytes, name, nameEnd)
        : slotOfLetter(bytes, name, nameEnd);
      if (slot === IGNORED || valueEnd === value) continue;
      const bit = 1 << slot;
      if ((seen & bit) !== 0) return 0;
      seen |= bit;
      this.binaryValue(bytes, value, valueEnd, slot);
      if (this.cursor.at !== valueEnd) return 0;
    }
    return at === extEnd ? seen : 0;
  }

  /** Reads the value between the positions; leaves `this.cursor.at` at its end when all of it was read. */
  private binaryValue(bytes: Buffer, start: number, end: number, slot: number): void {
    const { header } = this;
    if (slot === Slot.PROPERTIES) this.binaryProperties(bytes, start, end);
    else if (slot === Slot.UNIT_MODE || slot === Slot.BATCH) {
      this.storeFlag(slot, this.cursor.flag(bytes, start));
    } else if (slot > Slot.DEFAULT_TOPIC) this.storeNumber(slot, this.cursor.integer(bytes, start));
    else {
      const text = this.binaryText(bytes, start, end);
      if (slot === Slot.PRODUCER_GROUP) header.producerGroup = text.text;
      else if (slot === Slot.DEFAULT_TOPIC) header.defaultTopic = text.text;
      else {
        header.topic = text.text;
        header.topicText = text;
        header.topicStart = start;
        header.topicEnd = end;
      }
    }
  }

  private binaryText(bytes: Buffer, start: number, end: number): CachedText {
    let hash = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      if (byte >= 0x80) {
        this.cursor.at = -1;
        return NO_TEXT;
      }
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    this.cursor.at = end;
    return this.cursor.texts.find(bytes, start, end, hash);
  }

  private binaryProperties(bytes: Buffer, start: number, end: number): void {
    const { header } = this;
    this.cursor.at = -1;
    header.startProperties(end - start + 1);
    let length = bytes.copy(header.properties, 0, start, end);
    if (!header.hasTextProperties(length)) return;
    const out = header.properties;
    if (out[length - 1] !== PROPERTY_SEPARATOR) out[length++] = PROPERTY_SEPARATOR;
    let propertyStart = 0;
    let separator = -1;
    for (let at = 0; at < length; at++) {
      const byte = out[at]!;
      if (byte === PROPERTY_SEPARATOR) {
        if (separator <= propertyStart || separator === at - 1) return;
        header.noteProperty(propertyStart, separator, at);
        propertyStart = at + 1;
        separator = -1;
      } else if (byte === NAME_VALUE_SEPARATOR && separator < 0) separator = at;
    }
    header.propertiesEnd = length;
    this.cursor.at = end;
  }

  /** By the command's codec, field by field. */
  private readStrictly(frame: RemotingFrame): void {
    const { header } = this;
    const command = frame.code === SendMessage.code ? SendMessage : SendMessageV2;
    const read = codec(command).decodeRequest(frame.ext(), NO_BODY).header;
    header.producerGroup = read.producerGroup;
    header.topic = read.topic;
    header.topicText = { text: read.topic, found: undefined };
    header.topicStart = 0;
    header.topicEnd = 0;
    header.defaultTopic = read.defaultTopic;
    header.defaultTopicQueueNums = read.defaultTopicQueueNums;
    header.queueId = read.queueId;
    header.sysFlag = read.sysFlag;
    header.bornTimestampMs = read.bornTimestampMs;
    header.flag = read.flag;
    header.reconsumeTimes = read.reconsumeTimes;
    header.unitMode = read.unitMode;
    header.batch = read.batch;
    header.maxReconsumeTimes = read.maxReconsumeTimes;
    header.setProperties(parseProperties(read.properties ?? ''));
  }
}

const NO_BODY: Buffer = Buffer.alloc(0);
const NO_TEXT: CachedText = { text: '', found: undefined };

/** The byte that the escape at `at` stands for; 0 where it is none below 0x80 (or the null character). */
function unescaped(bytes: Buffer, at: number): number {
  const letter = bytes[at + 1]!;
  if (letter !== LETTER_U) return escapes[letter]!;
  if (bytes[at + 2] !== ZERO || bytes[at + 3] !== ZERO) return 0;
  const high = bytes[at + 4]! - ZERO;
  const low = hexDigit(bytes[at + 5]!);
  return high >= 0 && high <= 7 && low >= 0 ? (high << 4) | low : 0;
}

function hexDigit(byte: number): number {
  if (byte >= ZERO && byte <= 0x39) return byte - ZERO;
  const letter = byte | 0x20;
  return letter >= LETTER_A && letter <= 0x66 ? letter - LETTER_A + 10 : -1;
}

function slotOfLetter(bytes: Buffer, start: number, end: number): number {
  const letter = bytes[start]! - LETTER_A;
  return end - start === 1 && letter >= 0 && letter < IGNORED ? letter : IGNORED;
}

function slotOfName(bytes: Buffer, start: number, end: number): number {
  const candidates = slotsByName.get(((end - start) << 8) | bytes[start]!);
  if (candidates === undefined) return IGNORED;
  for (const { name, slot } of candidates) if (isName(bytes, start, name)) return slot;
  return IGNORED;
}

function isName(bytes: Buffer, at: number, name: Buffer): boolean {
  for (let i = 1; i < name.length; i++) if (bytes[at + i] !== name[i]) return false;
  return true;
}
