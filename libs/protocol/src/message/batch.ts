import { memoryViewOf } from '@rocketmq-ts/kernel';
import { MalformedBodyError } from '../protocol-errors.js';

/** totalSize 4, magic 4, bodyCrc 4, flag 4, bodyLength 4, propertiesLength 2. */
const FIXED_BYTES = 22;

/** One message of a batch to write. */
export interface BatchMessage {
  readonly flag: number;
  readonly body: Buffer;
  readonly properties: Buffer;
}

/**
 * Walks the body of SEND_BATCH_MESSAGE. Layout of each message, big-endian:
 * `totalSize:int32 | magic:int32 = 0 | bodyCrc:int32 = 0 | flag:int32 | bodyLength:int32 | body | propertiesLength:int16 | properties`.
 * Source: rocketmq 5.5.0 `MessageDecoder#encodeMessage`, `MessageExtEncoder#encode(MessageExtBatch)`.
 *
 * Each length is checked before the message is handed out: whoever takes messages before the last one is read must be able to
 * give them up. The fields are those of the current message; the object can be used again.
 */
export class BatchReader {
  /** How many messages were read. */
  count = 0;
  flag = 0;
  bodyStart = 0;
  bodyEnd = 0;
  propertiesStart = 0;
  propertiesEnd = 0;
  bytes: Buffer = NO_BYTES;

  private at = 0;
  private end = 0;

  /** Begins with the batch in these bytes. */
  open(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.count = 0;
  }

  /**
   * Moves to the next message; false behind the last one.
   * @throws {MalformedBodyError} a length is wrong; `path` tells which message.
   */
  next(): boolean {
    if (this.at >= this.end) return false;
    this.at = this.locate(this.at);
    this.count++;
    return true;
  }

  /** Finds the parts of the message at `at`. @returns where it ends. */
  private locate(at: number): number {
    const { end } = this;
    const view = memoryViewOf(this.bytes);
    const offset = this.bytes.byteOffset;
    if (end - at < FIXED_BYTES) throw this.wrong('ends too early');
    const size = view.getInt32(offset + at);
    if (size < FIXED_BYTES || size > end - at) throw this.wrong(`has a size of ${size} bytes`);
    const messageEnd = at + size;
    this.flag = view.getInt32(offset + at + 12);
    const bodyBytes = view.getInt32(offset + at + 16);
    if (bodyBytes < 0 || bodyBytes > size - FIXED_BYTES) {
      throw this.wrong(`has a body of ${bodyBytes} bytes`);
    }
    this.bodyStart = at + 20;
    this.bodyEnd = this.bodyStart + bodyBytes;
    this.propertiesStart = this.bodyEnd + 2;
    this.propertiesEnd = this.propertiesStart + view.getInt16(offset + this.bodyEnd);
    if (this.propertiesEnd !== messageEnd || this.propertiesEnd < this.propertiesStart) {
      throw this.wrong('has lengths that do not add up');
    }
    return messageEnd;
  }

  private wrong(reason: string): MalformedBodyError {
    return new MalformedBodyError(`[${this.count}]`, reason);
  }
}

const NO_BYTES: Buffer = Buffer.alloc(0);

/** The body of a batch, as clients send it. */
export function encodeBatch(messages: readonly BatchMessage[]): Buffer {
  const pieces: Buffer[] = [];
  for (const { flag, body, properties } of messages) {
    const head = Buffer.alloc(20);
    head.writeInt32BE(FIXED_BYTES + body.length + properties.length, 0);
    head.writeInt32BE(flag, 12);
    head.writeInt32BE(body.length, 16);
    const propertiesLength = Buffer.alloc(2);
    propertiesLength.writeInt16BE(properties.length, 0);
    pieces.push(head, body, propertiesLength, properties);
  }
  return Buffer.concat(pieces);
}
