import { readSafeInt64, writeSafeInt64 } from '@rocketmq-ts/kernel';

/**
 * Bytes of the replication port. Slave to master: reports of 8 bytes, an offset each. Master to slave: frames of a header of
 * 12 bytes, offset (8) and length (4), and as many bytes of the log; length 0 is a heartbeat. Big-endian.
 * Source: DefaultHAClient.java, DefaultHAConnection.java.
 */
export const REPORT_BYTES = 8;
export const FRAME_HEADER_BYTES = 12;

/** A report of `offset`; also how a ticket is presented. */
export function encodeReport(offset: number): Buffer {
  const bytes = Buffer.allocUnsafe(REPORT_BYTES);
  writeSafeInt64(bytes, 0, offset);
  return bytes;
}

/** What stands in front of `sizeBytes` bytes of the log from `offset` on. */
export function encodeFrameHeader(offset: number, sizeBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  writeSafeInt64(bytes, 0, offset);
  bytes.writeInt32BE(sizeBytes, 8);
  return bytes;
}

/** Puts the reports of a slave together from chunks of any size. */
export class ReportReader {
  private readonly rest = Buffer.alloc(REPORT_BYTES);
  private restBytes = 0;

  /** Calls `onReport` for each whole report. @throws {UnsafeInt64Error} a number that can be no offset. */
  take(chunk: Buffer, onReport: (offset: number) => void): void {
    let at = 0;
    while (at < chunk.length) {
      const count = Math.min(REPORT_BYTES - this.restBytes, chunk.length - at);
      chunk.copy(this.rest, this.restBytes, at, at + count);
      this.restBytes += count;
      at += count;
      if (this.restBytes < REPORT_BYTES) return;
      this.restBytes = 0;
      onReport(readSafeInt64(this.rest, 0));
    }
  }
}

/** What comes out of a master's stream. */
export interface FrameEvents {
  onHeader(offset: number, sizeBytes: number): void;
  /** A piece of the bytes behind the last header; valid during this call alone. */
  onBody(bytes: Buffer): void;
}

/** Takes the frames of a master apart, from chunks of any size; bodies are passed on as they come, without a copy. */
export class FrameReader {
  private readonly header = Buffer.alloc(FRAME_HEADER_BYTES);
  private headerBytes = 0;
  private bodyBytesLeft = 0;

  constructor(private readonly events: FrameEvents) {}

  /** @throws {UnsafeInt64Error} a number that can be no offset. @throws whatever the events throw; then it is of no more use */
  take(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.bodyBytesLeft > 0) {
        const count = Math.min(this.bodyBytesLeft, chunk.length - at);
        this.bodyBytesLeft -= count;
        this.events.onBody(chunk.subarray(at, at + count));
        at += count;
        continue;
      }
      const count = Math.min(FRAME_HEADER_BYTES - this.headerBytes, chunk.length - at);
      chunk.copy(this.header, this.headerBytes, at, at + count);
      this.headerBytes += count;
      at += count;
      if (this.headerBytes < FRAME_HEADER_BYTES) return;
      this.headerBytes = 0;
      const sizeBytes = this.header.readInt32BE(8);
      this.events.onHeader(readSafeInt64(this.header, 0), sizeBytes);
      this.bodyBytesLeft = sizeBytes;
    }
  }
}
