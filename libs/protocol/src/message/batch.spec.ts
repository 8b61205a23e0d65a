import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MalformedBodyError } from '../protocol-errors.js';
import { BatchReader, encodeBatch } from './batch.js';

const message = fc.record({
  flag: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  body: fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
  properties: fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
});

function read(bytes: Buffer, start = 0, end = bytes.length): unknown[] {
  const reader = new BatchReader();
  reader.open(bytes, start, end);
  const messages: unknown[] = [];
  while (reader.next()) {
    messages.push({
      flag: reader.flag,
      body: Buffer.from(reader.bytes.subarray(reader.bodyStart, reader.bodyEnd)),
      properties: Buffer.from(reader.bytes.subarray(reader.propertiesStart, reader.propertiesEnd)),
    });
  }
  expect(messages).toHaveLength(reader.count);
  return messages;
}

describe('BatchReader', () => {
  it('reads what was written, anywhere in a buffer', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), fc.nat({ max: 9 }), (messages, before) => {
        const encoded = encodeBatch(messages);
        const around = Buffer.concat([Buffer.alloc(before, 1), encoded, Buffer.alloc(3, 1)]);
        expect(read(around, before, before + encoded.length)).toEqual(messages);
      }),
    );
  });

  it('refuses a batch that is cut off (B12)', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 3 }), (messages) => {
        const encoded = encodeBatch(messages);
        const ends = new Set(messages.map((_, i) => encodeBatch(messages.slice(0, i)).length));
        for (let end = 0; end < encoded.length; end++) {
          if (ends.has(end)) continue;
          expect(() => read(encoded, 0, end)).toThrow(MalformedBodyError);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('refuses lengths that lie, and says in which message (B12)', () => {
    const encoded = encodeBatch([
      { flag: 0, body: Buffer.from('one'), properties: Buffer.from('p') },
      { flag: 0, body: Buffer.from('two'), properties: Buffer.from('q') },
    ]);
    const second = encoded.length / 2;
    const lies: readonly (readonly [number, number])[] = [
      [0, 0],
      [0, -1],
      [0, 21],
      [0, 0x7fffffff],
      [16, -1],
      [16, 0x7fffffff],
      [16, 2],
    ];
    for (const [at, value] of lies) {
      const damaged = Buffer.from(encoded);
      damaged.writeInt32BE(value, second + at);
      expect(() => read(damaged)).toThrow(/^body field \[1\] /);
    }
    const negative = Buffer.from(encoded);
    negative.writeInt16BE(-1, 23);
    expect(() => read(negative)).toThrow(/^body field \[0\] /);
  });

  it('takes or refuses random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          read(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedBodyError);
        }
      }),
    );
  });
});
