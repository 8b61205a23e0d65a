import { describe, expect, it } from '@jest/globals';
import {
  BatchReader,
  checkRecord,
  decodeRecord,
  decodeRecords,
  encodeRecord,
  formatProperties,
  formatUniqKey,
  hostAddress,
  hostBytes,
  hostHex,
  hostText,
  offsetMsgId,
  parseOffsetMsgId,
  parseProperties,
  parseUniqKey,
  recordSizeBytes,
  tagsCodeOf,
  tagsCodeOfBytes,
} from '../src/index.js';
import type { MessageRecord } from '../src/index.js';
import {
  type GoldenBatch,
  type GoldenRecord,
  encodeGoldenBatch,
  hostOf,
  recordSourceOf,
} from './from-golden.js';
import { goldenFiles } from './golden-files.js';

function expectRecord(record: MessageRecord, golden: GoldenRecord): void {
  expect(record).toMatchObject({
    version: golden.version,
    topic: golden.topic,
    queueId: golden.queueId,
    flag: golden.flag,
    queueOffset: golden.queueOffset,
    commitLogOffset: golden.commitLogOffset,
    sysFlag: golden.sysFlag,
    bornTimestampMs: golden.bornTimestamp,
    storeTimestampMs: golden.storeTimestamp,
    reconsumeTimes: golden.reconsumeTimes,
    preparedTransactionOffset: golden.preparedTransactionOffset,
  });
  expect(hostText(record.bornHostBytes)).toBe(golden.bornHost);
  expect(hostText(record.storeHostBytes)).toBe(golden.storeHost);
  if (golden.storedBodyHex !== undefined) {
    expect(record.bodyCrc).toBe(golden.bodyCrc);
    expect(record.bodyBytes.toString('hex', record.bodyStart, record.bodyEnd)).toBe(
      golden.storedBodyHex,
    );
  }
  expect([...record.properties]).toEqual(golden.properties);
  expect(tagsCodeOf(record.properties.get('TAGS'))).toBe(golden.tagsCode);
  expect(offsetMsgId(hostHex(record.storeHostBytes), record.commitLogOffset)).toBe(
    golden.offsetMsgId,
  );
}

describe('message records written by Apache 5.5.0', () => {
  for (const { file, bytes, value } of goldenFiles<GoldenRecord>('record')) {
    it(`${file}: is read, found sound, and written back byte for byte`, () => {
      const check = { verifyBody: true, commitLogOffset: value.commitLogOffset };
      expect(checkRecord(bytes, 0, bytes.length, check)).toBe(bytes.length);
      expectRecord(decodeRecord(bytes, 0), value);

      const source = recordSourceOf(value, decodeRecord(bytes, 0));
      const size = recordSizeBytes(
        source.topicBytes.length,
        source.bodyEnd,
        source.propertiesEnd,
        source.bornHostBytes.length,
        source.storeHostBytes.length,
      );
      const written = Buffer.alloc(size + 10, 0xee);
      expect(encodeRecord(written, 5, source)).toBe(size);
      expect(written.subarray(5, 5 + size).equals(bytes)).toBe(true);
      expect([written[4], written[5 + size]]).toEqual([0xee, 0xee]);
    });
  }

  for (const { file, bytes, value } of goldenFiles<{ records: GoldenRecord[] }>('records')) {
    it(`${file}: is read as the records it was made of`, () => {
      const records = decodeRecords(bytes);
      expect(records).toHaveLength(value.records.length);
      records.forEach((record, i) => expectRecord(record, value.records[i]!));
    });
  }
});

describe('batch bodies written by Apache 5.5.0', () => {
  for (const { file, bytes, value } of goldenFiles<GoldenBatch>('batch-body')) {
    it(`${file}: is read, and written back byte for byte`, () => {
      const reader = new BatchReader();
      reader.open(bytes, 0, bytes.length);
      for (const message of value.messages) {
        expect(reader.next()).toBe(true);
        expect({
          flag: reader.flag,
          bodyHex: bytes.toString('hex', reader.bodyStart, reader.bodyEnd),
          propertiesText: bytes.toString('utf8', reader.propertiesStart, reader.propertiesEnd),
        }).toMatchObject({
          flag: message.flag,
          bodyHex: message.bodyHex,
          propertiesText: message.propertiesText,
        });
      }
      expect(reader.next()).toBe(false);
      expect(reader.count).toBe(value.messages.length);

      const written = encodeGoldenBatch(value);
      expect(written.equals(bytes)).toBe(true);
    });
  }
});

describe('properties written and read by Apache 5.5.0', () => {
  type Written = { text: string; properties: readonly (readonly [string, string])[] };
  for (const { file, bytes, value } of goldenFiles<Written>('properties')) {
    it(`${file}: is written byte for byte`, () => {
      expect(Buffer.from(formatProperties(new Map(value.properties))).equals(bytes)).toBe(true);
    });
  }
  type ReadText = { text: string; decoded: Record<string, string> };
  for (const { file, value } of goldenFiles<ReadText>('properties-text')) {
    it(`${file}: is read as Java reads it`, () => {
      expect(Object.fromEntries(parseProperties(value.text))).toEqual(value.decoded);
    });
  }
});

describe('ids written by Apache 5.5.0', () => {
  type GoldenId = { id: string; host: string; commitLogOffset: number };
  for (const { file, value } of goldenFiles<GoldenId>('message-id')) {
    it(`${file}: is read and written`, () => {
      const parsed = parseOffsetMsgId(value.id)!;
      expect(hostText(parsed.hostBytes)).toBe(value.host);
      expect(parsed.commitLogOffset).toBe(value.commitLogOffset);
      expect(offsetMsgId(hostHex(hostOf(value.host)), value.commitLogOffset)).toBe(value.id);
    });
  }
  type GoldenKey = {
    id: string;
    ip: string;
    pid: number;
    classLoaderHash: number;
    millisSinceMonthStart: number;
    counter: number;
  };
  for (const { file, value } of goldenFiles<GoldenKey>('unique-id')) {
    it(`${file}: is read and written`, () => {
      const parts = parseUniqKey(value.id)!;
      expect(parts).toMatchObject({
        processId: value.pid,
        loaderHash: value.classLoaderHash,
        monthMs: value.millisSinceMonthStart,
        counter: value.counter,
      });
      const host = Buffer.concat([parts.addressBytes, Buffer.alloc(4)]);
      const expected = hostBytes(value.ip, 0)!;
      expect(hostAddress(host)).toBe(hostAddress(expected));
      expect(formatUniqKey(parts)).toBe(value.id);
    });
  }
});

describe('tagsCodeOfBytes', () => {
  it('agrees with the hash of the text, also beyond ASCII', () => {
    for (const tag of ['', 'TagA', 'Tég订', '😀', 'a'.repeat(300)]) {
      const bytes = Buffer.from(`xx${tag}yy`, 'utf8');
      expect(tagsCodeOfBytes(bytes, 2, bytes.length - 2)).toBe(tagsCodeOf(tag));
    }
  });
});
