import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RecordAssembly } from './record-assembly.js';
import { HaProtocolError } from './replication-errors.js';

/** A log of records that begin with their length; refuses everything while `refuses`. */
class Log {
  readonly taken: Buffer[] = [];
  refuses = false;
  endOffset = 0;

  take(bytes: Buffer): number {
    let at = 0;
    while (!this.refuses && bytes.length - at >= 4) {
      const sizeBytes = bytes.readInt32BE(at);
      if (sizeBytes > bytes.length - at) break;
      this.taken.push(Buffer.from(bytes.subarray(at, at + sizeBytes)));
      at += sizeBytes;
    }
    this.endOffset += at;
    return at;
  }
}

function record(sizeBytes: number, fill: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes, fill);
  bytes.writeInt32BE(sizeBytes);
  return bytes;
}

const KEPT_BYTES_MAX = 100_000;

describe('RecordAssembly', () => {
  it('gives the log every byte once, wherever the stream is cut and whenever the log takes nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 4, max: 400 }), { maxLength: 30 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 700 }), fc.boolean()), { minLength: 1 }),
        (sizes, cuts) => {
          const records = sizes.map((sizeBytes, i) => record(sizeBytes, i));
          const stream = Buffer.concat(records);
          const log = new Log();
          const assembly = new RecordAssembly(log, KEPT_BYTES_MAX);
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const [lengthBytes, refuses] = cuts[turn % cuts.length]!;
            log.refuses = refuses;
            // The chunk is reused by the connection: what is kept must be a copy.
            const chunk = Buffer.from(stream.subarray(at, at + lengthBytes));
            assembly.push(chunk);
            chunk.fill(0xff);
            at += chunk.length;
            expect(assembly.nextOffset).toBe(at);
          }
          log.refuses = false;
          assembly.retry();
          expect(Buffer.concat(log.taken).equals(stream)).toBe(true);
          expect(log.taken).toHaveLength(records.length);
        },
      ),
    );
  });

  it('keeps no more than it may', () => {
    const log = new Log();
    const assembly = new RecordAssembly(log, KEPT_BYTES_MAX);
    log.refuses = true;
    assembly.push(record(KEPT_BYTES_MAX, 1));
    expect(() => assembly.push(Buffer.alloc(1))).toThrow(HaProtocolError);
  });
});
