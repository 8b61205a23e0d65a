import { codec } from '../../define-command.js';
import type { Received } from '../../define-command.js';
import { SerializeType } from '../../frame/frame.js';
import type { RemotingFrame } from '../../frame/frame.js';
import { PullMessage } from './pull-message.command.js';
import { TextCache } from './text-cache.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
/** Digits that every `number` holds exactly. */
const DIGITS_MAX = 15;

/** What a broker looks at of a pull's header. Source: rocketmq 5.5.0 `PullMessageRequestHeader`. */
export type PullHeader = Pick<
  Received<typeof PullMessage.request>['header'],
  | 'consumerGroup'
  | 'topic'
  | 'queueId'
  | 'queueOffset'
  | 'maxMsgNums'
  | 'sysFlag'
  | 'commitOffset'
  | 'suspendTimeoutMs'
  | 'subscription'
  | 'subVersion'
  | 'expressionType'
  | 'maxMsgBytes'
>;

/** What stands for a field: the required ones first, so that one number tells whether all were seen. */
const Slot = {
  CONSUMER_GROUP: 0,
  TOPIC: 1,
  QUEUE_ID: 2,
  QUEUE_OFFSET: 3,
  MAX_MSG_NUMS: 4,
  SYS_FLAG: 5,
  COMMIT_OFFSET: 6,
  SUSPEND_TIMEOUT: 7,
  SUB_VERSION: 8,
  MAX_MSG_BYTES: 9,
  SUBSCRIPTION: 10,
  EXPRESSION_TYPE: 11,
  BROKER_NAME: 12,
} as const;
const REQUIRED = (1 << (Slot.SUB_VERSION + 1)) - 1;

const slotsByName = new Map<string, number>([
  ['consumerGroup', Slot.CONSUMER_GROUP],
  ['topic', Slot.TOPIC],
  ['queueId', Slot.QUEUE_ID],
  ['queueOffset', Slot.QUEUE_OFFSET],
  ['maxMsgNums', Slot.MAX_MSG_NUMS],
  ['sysFlag', Slot.SYS_FLAG],
  ['commitOffset', Slot.COMMIT_OFFSET],
  ['suspendTimeoutMillis', Slot.SUSPEND_TIMEOUT],
  ['subVersion', Slot.SUB_VERSION],
  ['maxMsgBytes', Slot.MAX_MSG_BYTES],
  ['subscription', Slot.SUBSCRIPTION],
  ['expressionType', Slot.EXPRESSION_TYPE],
  ['bname', Slot.BROKER_NAME],
]);

/** The header of the pull at hand. */
class ScannedHeader implements PullHeader {
  consumerGroup = '';
  topic = '';
  queueId = 0;
  queueOffset = 0;
  maxMsgNums = 0;
  sysFlag = 0;
  commitOffset = 0;
  suspendTimeoutMs = 0;
  subVersion = 0;
  maxMsgBytes: number | undefined;
  subscription: string | undefined;
  expressionType: string | undefined;
}

/**
 * Reads the headers of PULL_MESSAGE and LITE_PULL_MESSAGE in one walk over their bytes. What is unusual – a header in
 * binary, white space, an escape, a number of more than 15 digits, a field that is doubled, missing or seldom sent – is
 * left to the command's codec, which also words the failure: both ways give the same.
 *
 * One scanner serves any number of connections; it holds one header at a time.
 */
export class PullHeaderScanner {
  private readonly header = new ScannedHeader();
  private readonly texts = new TextCache();
  private readonly codec = codec(PullMessage);
  /** Where the scan stands; −1 when it met something unusual. */
  private at = 0;

  /**
   * @returns the header, valid until the next call.
   * @throws {MalformedHeaderError} naming the field. @throws {MalformedFrameError} the header is no JSON.
   */
  scan(frame: RemotingFrame): PullHeader {
    if (frame.serializeType === SerializeType.JSON && this.scanJson(frame)) return this.header;
    return this.codec.decodeRequest(frame.ext(), NO_BODY).header;
  }

  /** @returns false when the strict way must be gone. */
  private scanJson(frame: RemotingFrame): boolean {
    const { bytes, extStart } = frame;
    const { header } = this;
    const last = frame.extEnd - 1;
    if (bytes[extStart] !== OPEN) return false;
    header.maxMsgBytes = undefined;
    header.subscription = undefined;
    header.expressionType = undefined;
    let seen = 0;
    let at = extStart;
    do {
      const slot = this.slotAt(bytes, at + 1, last);
      if (slot < 0 || (seen & (1 << slot)) !== 0) return false;
      seen |= 1 << slot;
      if (slot < Slot.QUEUE_ID || slot > Slot.MAX_MSG_BYTES) this.readText(bytes, last, slot);
      else this.readNumber(bytes, slot);
      at = this.at;
      if (at < 0) return false;
    } while (bytes[at] === COMMA);
    return at === last && (seen & REQUIRED) === REQUIRED;
  }

  /** Which field's name stands at `at`, −1 for an unknown one; leaves `this.at` behind the quote that opens its value. */
  private slotAt(bytes: Buffer, at: number, last: number): number {
    if (bytes[at] !== QUOTE) return -1;
    this.at = at + 1;
    const name = this.textAt(bytes, last);
    const end = this.at;
    if (end < 0 || bytes[end] !== COLON || bytes[end + 1] !== QUOTE) return -1;
    this.at = end + 2;
    return slotsByName.get(name) ?? -1;
  }

  private readText(bytes: Buffer, last: number, slot: number): void {
    const { header } = this;
    const text = this.textAt(bytes, last);
    if (slot === Slot.CONSUMER_GROUP) header.consumerGroup = text;
    else if (slot === Slot.TOPIC) header.topic = text;
    else if (slot === Slot.SUBSCRIPTION) header.subscription = text;
    else if (slot === Slot.EXPRESSION_TYPE) header.expressionType = text;
  }

  /** Plain ASCII up to a quote; leaves `this.at` behind the quote, −1 where something else stands. */
  private textAt(bytes: Buffer, last: number): string {
    const start = this.at;
    let hash = 0;
    for (let at = start; at < last; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        this.at = at + 1;
        return this.texts.find(bytes, start, at, hash).text;
      }
      if (byte === BACKSLASH || byte < 0x20 || byte >= 0x80) break;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    this.at = -1;
    return '';
  }

  /** An integer in quotes; leaves `this.at` behind them, −1 where there is none. */
  private readNumber(bytes: Buffer, slot: number): void {
    const negative = bytes[this.at] === MINUS;
    const first = negative ? this.at + 1 : this.at;
    let at = first;
    let value = 0;
    for (;;) {
      const digit = bytes[at]! - ZERO;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
      at++;
    }
    const readable = at > first && at - first <= DIGITS_MAX && bytes[at] === QUOTE;
    this.at = readable && this.store(slot, negative ? -value : value) ? at + 1 : -1;
  }

  /** @returns false for a number that does not fit the field. */
  private store(slot: number, value: number): boolean {
    const { header } = this;
    switch (slot) {
      case Slot.QUEUE_OFFSET:
        header.queueOffset = value;
        return true;
      case Slot.COMMIT_OFFSET:
        header.commitOffset = value;
        return true;
      case Slot.SUSPEND_TIMEOUT:
        header.suspendTimeoutMs = value;
        return true;
      case Slot.SUB_VERSION:
        header.subVersion = value;
        return true;
      case Slot.QUEUE_ID:
        header.queueId = value;
        break;
      case Slot.MAX_MSG_NUMS:
        header.maxMsgNums = value;
        break;
      case Slot.SYS_FLAG:
        header.sysFlag = value;
        break;
      default:
        header.maxMsgBytes = value;
    }
    return (value | 0) === value;
  }
}

const NO_BODY: Buffer = Buffer.alloc(0);
