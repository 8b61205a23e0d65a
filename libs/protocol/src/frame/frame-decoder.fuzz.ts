import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ProtocolError } from '../protocol-errors.js';
import { encodeRequestFrame } from './encode-frame.js';
import { FrameDecoder } from './frame-decoder.js';
import { FrameWriter } from './frame-writer.js';
import type { RemotingFrame } from './frame.js';

const int32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const anyFrame = fc.record({
  serializeType: fc.constantFrom(0 as const, 1 as const),
  code: fc.oneof(fc.constantFrom(10, 11, 310, 320), int32),
  opaque: int32,
  oneWay: fc.boolean(),
  version: fc.integer({ min: 0, max: 0x7fff }),
  languageCode: fc.integer({ min: 0, max: 13 }),
  remark: fc.option(fc.string({ unit: 'grapheme', minLength: 1 }), { nil: undefined }),
  ext: fc.array(fc.tuple(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), text)),
  body: fc.uint8Array({ maxLength: 50 }),
});
type AnyFrame = typeof anyFrame extends fc.Arbitrary<infer T> ? T : never;

function encode(frames: readonly AnyFrame[]): Buffer {
  const writer = new FrameWriter({ initialBytes: 1 });
  for (const frame of frames) encodeRequestFrame(writer, { ...frame, ext: new Map(frame.ext) });
  return writer.detach();
}

const facts = (frame: RemotingFrame): unknown => ({
  code: frame.code,
  opaque: frame.opaque,
  flag: frame.flag,
  version: frame.version,
  languageCode: frame.languageCode,
  remark: frame.remark,
  ext: [...frame.ext()],
  body: frame.body.toString('hex'),
});

function decode(chunks: readonly Buffer[]): unknown[] {
  const decoder = new FrameDecoder();
  const frames: unknown[] = [];
  for (const chunk of chunks) {
    // The decoder is told that chunks are valid during the call alone: here they really are.
    const lent = Buffer.from(chunk);
    decoder.push(lent, (frame) => frames.push(facts(frame)));
    lent.fill(0xee);
  }
  return frames;
}

function cut(bytes: Buffer, points: readonly number[]): Buffer[] {
  const ends = [...points.map((point) => point % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  );
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1]!, end));
}

/** Whatever the bytes are, they are taken or refused as a protocol error. */
function survives(bytes: Buffer, chunkBytes: number): void {
  const decoder = new FrameDecoder();
  try {
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      decoder.push(bytes.subarray(at, at + chunkBytes), (frame) => void facts(frame));
    }
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
  }
  expect((decoder as unknown as { partial: Buffer }).partial.length).toBeLessThanOrEqual(
    Math.max(1024, 2 * bytes.length),
  );
}

describe('FrameDecoder with any input', () => {
  it('reads what was written: decode(encode(x)) = x', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const binary = frame.serializeType === 1 && frame.code === (frame.code << 16) >> 16;
        const ext = [...new Map(frame.ext)].filter(([, value]) => !binary || value !== '');
        expect(decode([encode([frame])])).toEqual([
          {
            code: frame.code,
            opaque: frame.opaque,
            flag: frame.oneWay ? 2 : 0,
            version: frame.version,
            languageCode: frame.languageCode,
            remark: frame.remark,
            ext,
            body: Buffer.from(frame.body).toString('hex'),
          },
        ]);
      }),
    );
  });

  it('gives the same frames however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat({ max: 5000 }), { maxLength: 30 }),
        (frames, points) => {
          const bytes = encode(frames);
          expect(decode(cut(bytes, points))).toEqual(decode([bytes]));
        },
      ),
    );
  });

  it('waits for the rest wherever a frame is cut off, and never hands out a part', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const bytes = encode([frame]);
        for (let end = 0; end < bytes.length; end++) {
          expect(decode([bytes.subarray(0, end)])).toEqual([]);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('takes or refuses random bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.integer({ min: 1, max: 50 }),
        (bytes, size) => survives(Buffer.from(bytes), size),
      ),
    );
  });

  it('takes or refuses a frame in which bytes were changed', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }),
        (frames, changes) => {
          const bytes = encode(frames);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          survives(bytes, bytes.length);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes or refuses headers of random JSON-like text', () => {
    const pieces = fc.constantFrom(
      ...[
        '{',
        '}',
        '"',
        ':',
        ',',
        '\\',
        '[',
        ']',
        '"code":1',
        '"extFields":{',
        '"a":"b"',
        '"flag":0',
      ],
      ...['"opaque":7', '"remark":"x"', '"version":513}', '\\u0001', '},', 'null', '-', '1e9'],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 15 }), (parts) => {
        const header = Buffer.from(`{"code":1,${parts.join('')}}`);
        const frame = Buffer.alloc(8 + header.length);
        frame.writeInt32BE(4 + header.length, 0);
        frame.writeInt32BE(header.length, 4);
        header.copy(frame, 8);
        survives(frame, frame.length);
      }),
      { numRuns: 1000 },
    );
  });
});
