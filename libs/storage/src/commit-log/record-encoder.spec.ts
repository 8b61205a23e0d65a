import { describe, expect, it } from '@jest/globals';
import { bodyCrcOf, checkRecord, encodeRecord } from '@rocketmq-ts/protocol';
import fc from 'fast-check';
import { Sent } from '@rocketmq-ts/testing/store';
import { ConsumeQueue } from '../consume-queue/consume-queue.js';
import { LogSlab } from './log-slab.js';
import { encodeRecordInto, recordSizeOf } from './record-encoder.js';

const host = fc.oneof(
  fc.uint8Array({ minLength: 8, maxLength: 8 }),
  fc.uint8Array({ minLength: 20, maxLength: 20 }),
);
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const int64 = fc.maxSafeInteger();

const message = fc.record({
  topic: fc.oneof(
    fc.string({ minLength: 1, maxLength: 60 }),
    fc.string({ minLength: 128, maxLength: 300 }),
  ),
  queueId: fc.nat(),
  flag: int32,
  sysFlag: fc.integer({ min: 0, max: 0xfff }),
  queueOffset: fc.maxSafeNat(),
  commitLogOffset: fc.maxSafeNat(),
  bornTimestampMs: int64,
  storeTimestampMs: int64,
  reconsumeTimes: int32,
  preparedTransactionOffset: int64,
  bornHost: host,
  storeHost: host,
  body: fc.uint8Array({ maxLength: 300 }),
  properties: fc.uint8Array({ maxLength: 300 }),
  before: fc.nat({ max: 50 }),
  crcKnown: fc.boolean(),
});

describe('encodeRecordInto', () => {
  it('writes the bytes that the protocol writes', () => {
    fc.assert(
      fc.property(message, (given) => {
        const entry = new Sent();
        const body = Buffer.from(given.body);
        const properties = Buffer.from(given.properties);
        const storeHostBytes = Buffer.from(given.storeHost);
        const topicBytes = Buffer.from(given.topic);
        Object.assign(entry, {
          ...given,
          queue: new ConsumeQueue(given.topic, given.queueId, 1),
          bornHostBytes: Buffer.from(given.bornHost),
          // The ranges may lie anywhere in larger buffers.
          topicBytes: Buffer.concat([Buffer.alloc(2, 9), topicBytes, Buffer.alloc(4, 9)]),
          topicStart: 2,
          topicEnd: 2 + topicBytes.length,
          bodyBytes: Buffer.concat([Buffer.alloc(7, 9), body, Buffer.alloc(5, 9)]),
          bodyStart: 7,
          bodyEnd: 7 + body.length,
          propertiesBytes: Buffer.concat([Buffer.alloc(3, 9), properties]),
          propertiesStart: 3,
          propertiesEnd: 3 + properties.length,
        });
        // A commit takes the checksum over from the half message.
        if (given.crcKnown) entry.bodyCrc = bodyCrcOf(body, 0, body.length);
        entry.sizeBytes = recordSizeOf(entry, storeHostBytes);
        const slab = new LogSlab(Buffer.alloc(entry.sizeBytes + given.before));
        slab.usedBytes = given.before;
        encodeRecordInto(slab, entry, storeHostBytes);

        const hidden = [0x4, 0xc].includes(given.sysFlag & 0xc);
        const expected = Buffer.alloc(entry.sizeBytes);
        const size = encodeRecord(expected, 0, {
          ...entry,
          topicBytes,
          queueId: given.queueId,
          queueOffset: hidden ? 0 : given.queueOffset,
          storeHostBytes,
          bodyCrc: bodyCrcOf(body, 0, body.length),
        });
        expect(size).toBe(entry.sizeBytes);
        expect(slab.usedBytes).toBe(given.before + size);
        expect(slab.buffer.subarray(given.before)).toEqual(expected);
        expect(
          checkRecord(expected, 0, size, {
            verifyBody: true,
            commitLogOffset: given.commitLogOffset,
          }),
        ).toBe(size);
      }),
      { numRuns: 300 },
    );
  });
});
