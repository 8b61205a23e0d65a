import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UnsafeInt64Error } from '@rocketmq-ts/kernel';
import { hostBytes } from './host-address.js';
import {
  MAGIC_BLANK,
  MalformedRecordError,
  RecordAt,
  bodyCrcOf,
  decodeRecord,
  decodeRecords,
  encodeRecord,
  recordSizeBytes,
} from './message-record.js';
import type { RecordSource } from './message-record.js';
import { checkRecord } from './record-check.js';

const int32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const host = fc
  .tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat({ max: 65_535 }))
  .map(([address, port]) => hostBytes(address, port)!);
const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

const anyRecord: fc.Arbitrary<RecordSource> = fc
  .record({
    topicBytes: fc
      .oneof(
        fc.string({ minLength: 1, maxLength: 127 }),
        fc.string({ minLength: 128, maxLength: 255 }),
      )
      .map((text) => Buffer.from(text)),
    queueId: int32,
    flag: int32,
    queueOffset: fc.maxSafeNat(),
    commitLogOffset: fc.maxSafeNat(),
    sysFlag: fc.integer({ min: 0, max: 0x7ff }).map((flag) => flag & ~0x30),
    bornTimestampMs: fc.maxSafeInteger(),
    bornHostBytes: host,
    storeTimestampMs: fc.maxSafeInteger(),
    storeHostBytes: host,
    reconsumeTimes: int32,
    preparedTransactionOffset: fc.maxSafeNat(),
    body: bytes(60),
    properties: bytes(60),
    before: fc.nat({ max: 5 }),
  })
  .map(({ body, properties, before, ...fixed }) => {
    const padding = Buffer.alloc(before, 0xaa);
    const bodyBytes = Buffer.concat([padding, body, padding]);
    const propertiesBytes = Buffer.concat([padding, properties, padding]);
    return {
      ...fixed,
      bodyBytes,
      bodyStart: before,
      bodyEnd: before + body.length,
      bodyCrc: bodyCrcOf(bodyBytes, before, before + body.length),
      propertiesBytes,
      propertiesStart: before,
      propertiesEnd: before + properties.length,
    };
  });

function encode(record: RecordSource): Buffer {
  const size = recordSizeBytes(
    record.topicBytes.length,
    record.bodyEnd - record.bodyStart,
    record.propertiesEnd - record.propertiesStart,
    record.bornHostBytes.length,
    record.storeHostBytes.length,
  );
  const into = Buffer.alloc(size);
  expect(encodeRecord(into, 0, record)).toBe(size);
  return into;
}

const VERIFY = { verifyBody: true };

describe('message records', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const encoded = encode(record);
        expect(checkRecord(encoded, 0, encoded.length, VERIFY)).toBe(encoded.length);
        const read = decodeRecord(encoded, 0);
        for (const name of [
          'queueId',
          'flag',
          'queueOffset',
          'commitLogOffset',
          'bodyCrc',
        ] as const) {
          expect([name, read[name]]).toEqual([name, record[name]]);
        }
        for (const name of ['bornTimestampMs', 'storeTimestampMs', 'reconsumeTimes'] as const) {
          expect([name, read[name]]).toEqual([name, record[name]]);
        }
        expect(read.preparedTransactionOffset).toBe(record.preparedTransactionOffset);
        expect(read.sysFlag & ~0x30).toBe(record.sysFlag);
        expect(read.version).toBe(record.topicBytes.length > 127 ? 2 : 1);
        expect(read.topicBytes.equals(record.topicBytes)).toBe(true);
        expect(read.bornHostBytes.equals(record.bornHostBytes)).toBe(true);
        expect(read.storeHostBytes.equals(record.storeHostBytes)).toBe(true);
        expect(encode(read).equals(encoded)).toBe(true);
      }),
    );
  });

  it('cut off at any byte are found to be no record', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const encoded = encode(record);
        for (let end = 0; end < encoded.length; end++) {
          const defect = checkRecord(encoded, 0, end, VERIFY);
          expect(defect).toBe(end < 8 ? 'nothing' : 'truncated');
          expect(() => decodeRecord(encoded, 0, end)).toThrow(MalformedRecordError);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('with a changed body are found', () => {
    fc.assert(
      fc.property(
        anyRecord.filter((record) => record.bodyEnd > record.bodyStart),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (record, at, change) => {
          const encoded = encode(record);
          const { bodyStart, bodyEnd } = decodeRecord(encoded, 0);
          const index = bodyStart + (at % (bodyEnd - bodyStart));
          encoded[index] = encoded[index]! ^ change;
          expect(checkRecord(encoded, 0, encoded.length, VERIFY)).toBe('body-checksum');
          expect(checkRecord(encoded, 0, encoded.length, { verifyBody: false })).toBe(
            encoded.length,
          );
        },
      ),
    );
  });

  it('with changed bytes, and random bytes, are taken or refused', () => {
    const survives = (input: Buffer): void => {
      const size = checkRecord(input, 0, input.length, VERIFY);
      if (typeof size === 'number') expect(size).toBeLessThanOrEqual(input.length);
      try {
        for (const record of decodeRecords(input)) void record.properties.size;
      } catch (error) {
        expect([MalformedRecordError, UnsafeInt64Error]).toContain((error as Error).constructor);
      }
    };
    fc.assert(fc.property(bytes(300), survives));
    fc.assert(
      fc.property(
        anyRecord,
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 }))),
        (record, changes) => {
          const encoded = encode(record);
          for (const [at, value] of changes) encoded[at % encoded.length] = value;
          survives(encoded);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('checkRecord', () => {
  const [sample] = fc.sample(anyRecord, { numRuns: 1, seed: 1 });

  it('tells the end of a file from bytes never written', () => {
    const blank = Buffer.alloc(20);
    expect(checkRecord(blank, 0, 20, VERIFY)).toBe('nothing');
    blank.writeInt32BE(20, 0);
    blank.writeInt32BE(MAGIC_BLANK, 4);
    expect(checkRecord(blank, 0, 20, VERIFY)).toBe('blank');
    expect(checkRecord(blank, 0, 7, VERIFY)).toBe('nothing');
  });

  it('finds a record that lies where it does not say', () => {
    const encoded = encode({ ...sample!, commitLogOffset: 5_000_000_000 });
    const check = { verifyBody: false, commitLogOffset: 5_000_000_000 };
    expect(checkRecord(encoded, 0, encoded.length, check)).toBe(encoded.length);
    expect(checkRecord(encoded, 0, encoded.length, { ...check, commitLogOffset: 0 })).toBe(
      'offset',
    );
  });

  it('names the length that lies', () => {
    const encoded = encode(sample!);
    const { bodyStart, bodyEnd, version, propertiesStart } = decodeRecord(encoded, 0);
    const with32 = (at: number, value: number): Buffer => {
      const copy = Buffer.from(encoded);
      copy.writeInt32BE(value, at);
      return copy;
    };
    const with16 = (at: number, value: number): Buffer => {
      const copy = Buffer.from(encoded);
      copy.writeInt16BE(value, at);
      return copy;
    };
    const longTopic = Buffer.from(encoded);
    if (version === 1) longTopic[bodyEnd] = 255;
    else longTopic.writeInt16BE(-1, bodyEnd);
    const cases: readonly (readonly [string, Buffer])[] = [
      ['magic', with32(RecordAt.MAGIC, 1)],
      ['size', with32(0, 47)],
      ['size', with32(0, -1)],
      ['size', with32(0, 60)],
      ['truncated', with32(0, 0x7fffffff)],
      ['body-length', with32(bodyStart - 4, -1)],
      ['body-length', with32(bodyStart - 4, 0x7fffffff)],
      ['topic-length', longTopic],
      ['properties-length', with16(propertiesStart - 2, -1)],
      ['properties-length', with16(propertiesStart - 2, 0x7fff)],
    ];
    for (const [defect, damaged] of cases) {
      expect(checkRecord(damaged, 0, damaged.length, VERIFY)).toBe(defect);
    }
  });
});
