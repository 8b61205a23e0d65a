import { codec } from '../../define-command.js';
import type { Received } from '../../define-command.js';
import { SerializeType } from '../../frame/frame.js';
import type { RemotingFrame } from '../../frame/frame.js';
import { JsonFieldCursor } from './json-field.cursor.js';
import { PullMessage } from './pull-message.command.js';

const COMMA = 0x2c;
const OPEN = 0x7b;

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
  private readonly codec = codec(PullMessage);
  private readonly cursor = new JsonFieldCursor();

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
    const { header, cursor } = this;
    const last = frame.extEnd - 1;
    if (bytes[extStart] !== OPEN) return false;
    header.maxMsgBytes = undefined;
    header.subscription = undefined;
    header.expressionType = undefined;
    let seen = 0;
    let at = extStart;
    do {
      const slot = slotsByName.get(cursor.name(bytes, at + 1, last));
      if (slot === undefined || (seen & (1 << slot)) !== 0) return false;
      seen |= 1 << slot;
      if (slot < Slot.QUEUE_ID || slot > Slot.MAX_MSG_BYTES) this.readText(bytes, last, slot);
      else this.readNumber(bytes, slot);
      at = cursor.at;
      if (at < 0) return false;
    } while (bytes[at] === COMMA);
    return at === last && (seen & REQUIRED) === REQUIRED;
  }

  private readText(bytes: Buffer, last: number, slot: number): void {
    const { header, cursor } = this;
    const { text } = cursor.text(bytes, cursor.at, last);
    if (slot === Slot.CONSUMER_GROUP) header.consumerGroup = text;
    else if (slot === Slot.TOPIC) header.topic = text;
    else if (slot === Slot.SUBSCRIPTION) header.subscription = text;
    else if (slot === Slot.EXPRESSION_TYPE) header.expressionType = text;
  }

  private readNumber(bytes: Buffer, slot: number): void {
    const { cursor } = this;
    const value = cursor.integer(bytes, cursor.at);
    if (!this.store(slot, value)) cursor.at = -1;
    cursor.close(bytes);
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
