import { codec } from '../../define-command.js';
import type { Received } from '../../define-command.js';
import { SerializeType } from '../../frame/frame.js';
import type { RemotingFrame } from '../../frame/frame.js';
import { JsonFieldCursor } from '../message/json-field.cursor.js';
import { EndTransaction } from './end-transaction.command.js';

const COMMA = 0x2c;
const OPEN = 0x7b;

/** What a broker looks at of a decision's header. Source: rocketmq 5.5.0 `EndTransactionRequestHeader`. */
export type EndTransactionHeader = Pick<
  Received<typeof EndTransaction.request>['header'],
  'producerGroup' | 'queueOffset' | 'commitLogOffset' | 'commitOrRollback' | 'fromTransactionCheck'
>;

/** What stands for a field: the required ones first, so that one number tells whether all were seen. */
const Slot = {
  PRODUCER_GROUP: 0,
  QUEUE_OFFSET: 1,
  COMMIT_LOG_OFFSET: 2,
  COMMIT_OR_ROLLBACK: 3,
  MESSAGE_ID: 4,
  FROM_CHECK: 5,
  TRANSACTION_ID: 6,
  TOPIC: 7,
  BROKER_NAME: 8,
} as const;
const REQUIRED = (1 << (Slot.MESSAGE_ID + 1)) - 1;

const slotsByName = new Map<string, number>([
  ['producerGroup', Slot.PRODUCER_GROUP],
  ['tranStateTableOffset', Slot.QUEUE_OFFSET],
  ['commitLogOffset', Slot.COMMIT_LOG_OFFSET],
  ['commitOrRollback', Slot.COMMIT_OR_ROLLBACK],
  ['msgId', Slot.MESSAGE_ID],
  ['fromTransactionCheck', Slot.FROM_CHECK],
  ['transactionId', Slot.TRANSACTION_ID],
  ['topic', Slot.TOPIC],
  ['bname', Slot.BROKER_NAME],
]);

/** A name as it stands before a value, up to the quote that opens the value. */
interface KnownName {
  readonly bytes: Buffer;
  readonly slot: number;
}

class ScannedHeader implements EndTransactionHeader {
  producerGroup = '';
  queueOffset = 0;
  commitLogOffset = 0;
  commitOrRollback = 0;
  fromTransactionCheck = false;
}

/**
 * Reads the headers of END_TRANSACTION in one walk over their bytes: there is one for each half message. What is unusual is
 * left to the command's codec, which also words the failure: both ways give the same.
 *
 * One scanner serves any number of connections; it holds one header at a time.
 */
export class EndTransactionScanner {
  private readonly header = new ScannedHeader();
  private readonly cursor = new JsonFieldCursor();
  private readonly codec = codec(EndTransaction);
  /** The field names of the header before, in their order: clients write all headers alike. */
  private readonly names: KnownName[] = [];

  /**
   * @returns the header, valid until the next call.
   * @throws {MalformedHeaderError} naming the field. @throws {MalformedFrameError} the header is no JSON.
   */
  scan(frame: RemotingFrame): EndTransactionHeader {
    if (frame.serializeType === SerializeType.JSON && this.scanJson(frame)) return this.header;
    return this.codec.decodeRequest(frame.ext(), NO_BODY).header;
  }

  /** @returns false when the strict way must be gone. */
  private scanJson({ bytes, extStart, extEnd }: RemotingFrame): boolean {
    const { header, cursor } = this;
    const last = extEnd - 1;
    if (bytes[extStart] !== OPEN) return false;
    header.fromTransactionCheck = false;
    let seen = 0;
    let at = extStart;
    let field = 0;
    do {
      const slot = this.slotOf(bytes, at + 1, last, field++);
      if (slot === undefined || (seen & (1 << slot)) !== 0) return false;
      seen |= 1 << slot;
      this.readValue(bytes, last, slot);
      at = cursor.at;
      if (at < 0) return false;
    } while (bytes[at] === COMMA);
    return at === last && (seen & REQUIRED) === REQUIRED;
  }

  /** The slot of the name that begins at `start`; leaves the cursor at the value. */
  private slotOf(bytes: Buffer, start: number, last: number, field: number): number | undefined {
    const { cursor, names } = this;
    const known = names[field];
    if (known !== undefined && startsWith(bytes, start, last, known.bytes)) {
      cursor.at = start + known.bytes.length;
      return known.slot;
    }
    const name = cursor.name(bytes, start, last);
    const slot = slotsByName.get(name);
    if (slot !== undefined) names[field] = { bytes: Buffer.from(`"${name}":"`), slot };
    return slot;
  }

  private readValue(bytes: Buffer, last: number, slot: number): void {
    const { header, cursor } = this;
    switch (slot) {
      case Slot.PRODUCER_GROUP:
        header.producerGroup = cursor.text(bytes, cursor.at, last).text;
        return;
      case Slot.QUEUE_OFFSET:
        header.queueOffset = cursor.integer(bytes, cursor.at);
        break;
      case Slot.COMMIT_LOG_OFFSET:
        header.commitLogOffset = cursor.integer(bytes, cursor.at);
        break;
      case Slot.COMMIT_OR_ROLLBACK: {
        const bits = cursor.integer(bytes, cursor.at);
        if ((bits | 0) !== bits) cursor.at = -1;
        header.commitOrRollback = bits;
        break;
      }
      case Slot.FROM_CHECK:
        header.fromTransactionCheck = cursor.flag(bytes, cursor.at);
        break;
      default:
        // Nobody looks at ids and names; those that differ each time would only fill the table of texts.
        cursor.skipText(bytes, cursor.at, last);
        return;
    }
    cursor.close(bytes);
  }
}

const NO_BODY: Buffer = Buffer.alloc(0);

function startsWith(bytes: Buffer, start: number, end: number, wanted: Buffer): boolean {
  if (end - start < wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}
