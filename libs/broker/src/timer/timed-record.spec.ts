import { describe, expect, it } from '@jest/globals';
import { javaHashCode } from '@rocketmq-ts/kernel';
import { decodeRecord, encodeRecord, formatProperties } from '@rocketmq-ts/protocol';
import { timedMessageOf } from './timed-message.js';
import { TimedRecord } from './timed-record.js';
import { wishedTimeMs } from './timer-rules.js';

const STORED_MS = 1_700_000_000_123;
const HOST = Buffer.from([127, 0, 0, 1, 0, 0, 42, 159]);

function recordWith(propertiesText: string): Buffer {
  const propertiesBytes = Buffer.from(propertiesText);
  const bytes = Buffer.alloc(1_000 + propertiesBytes.length);
  const size = encodeRecord(bytes, 0, {
    topicBytes: Buffer.from('rmq_sys_wheel_timer'),
    queueId: 0,
    flag: 0,
    queueOffset: 7,
    commitLogOffset: 5_000,
    sysFlag: 0,
    bornTimestampMs: STORED_MS - 1,
    bornHostBytes: HOST,
    storeTimestampMs: STORED_MS,
    storeHostBytes: HOST,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    bodyBytes: Buffer.from('body'),
    bodyStart: 0,
    bodyEnd: 4,
    bodyCrc: 0,
    propertiesBytes,
    propertiesStart: 0,
    propertiesEnd: propertiesBytes.length,
  });
  return bytes.subarray(0, size);
}

/** What the long way says of the same bytes. */
function byText(bytes: Buffer): unknown {
  const record = decodeRecord(bytes, 0);
  const { sizeBytes, queueOffset, commitLogOffset, storeTimestampMs } = record;
  const place = { sizeBytes, queueOffset, commitLogOffset, storeTimestampMs };
  const message = timedMessageOf(record);
  if (message === undefined) return { ...place, isTimed: false };
  return {
    ...place,
    isTimed: true,
    outMs: message.outMs,
    wishedMs: wishedTimeMs(message.wish, storeTimestampMs),
    recalls: message.deleteKey !== undefined,
    realTopic: message.realTopic,
    topicHash: javaHashCode(message.realTopic),
  };
}

function byBytes(reader: TimedRecord, bytes: Buffer): unknown {
  // Something in front, as in a batch.
  reader.read(Buffer.concat([Buffer.alloc(13), bytes]), 13);
  const { sizeBytes, queueOffset, commitLogOffset, storeTimestampMs, isTimed } = reader;
  const place = { sizeBytes, queueOffset, commitLogOffset, storeTimestampMs, isTimed };
  if (!isTimed) return place;
  const { outMs, wishedMs, recalls, realTopic, topicHash } = reader;
  return { ...place, outMs, wishedMs, recalls, realTopic, topicHash };
}

const OUT = String(STORED_MS + 60_000);
const VALUES: Readonly<Record<string, readonly (string | undefined)[]>> = {
  TIMER_OUT_MS: [OUT, OUT, '0', '-5', '+17', 'soon', '9007199254740993', '12345678901234567890'],
  REAL_TOPIC: ['orders', 'orders', 'Ünïcode', 'o', undefined],
  REAL_QID: ['3', '0', '2147483647', '2147483648', '-1', '1e3', ' 4', '0x10', undefined],
  TIMER_DEL_UNIQKEY: [undefined, undefined, 'key', ''],
  TIMER_DELAY_SEC: [undefined, undefined, '60', '-60', '9007199254740', 'x'],
  TIMER_DELAY_MS: [undefined, undefined, '60000', '9007199254740991', '+5'],
  TIMER_DELIVER_MS: [undefined, OUT, '1', '9999999999999999999', 'never'],
  TIMER_ROLL_TIMES: [undefined, undefined, '1', ''],
};

describe('TimedRecord', () => {
  it('says of any properties what their text says', () => {
    const reader = new TimedRecord();
    let seed = 1;
    const below = (count: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      return (seed >>> 8) % count;
    };
    let timed = 0;
    for (let round = 0; round < 5_000; round++) {
      const parts: string[] = ['TAGS\u0001a', 'T', 'REAL_TOPICS\u0001x', 'KEYS\u0001TIMER_OUT_MS'];
      for (const [name, values] of Object.entries(VALUES)) {
        const value = values[below(3) > 0 ? 0 : below(values.length)];
        if (value !== undefined) parts.splice(below(parts.length + 1), 0, `${name}\u0001${value}`);
      }
      // Some property twice, with its other value first or last.
      if (below(8) === 0) parts.push(parts[below(parts.length)]!.replace(/[0-9]$/, '1'));
      const bytes = recordWith(parts.join('\u0002') + (below(2) === 0 ? '\u0002' : ''));
      const expected = byText(bytes);
      expect(byBytes(reader, bytes)).toEqual(expected);
      if (reader.isTimed) timed++;
    }
    // Both kinds were among them.
    expect(timed).toBeGreaterThan(1_000);
    expect(timed).toBeLessThan(4_500);
  });

  it('keeps nothing of the record before', () => {
    const reader = new TimedRecord();
    const recall = { TIMER_OUT_MS: OUT, REAL_TOPIC: 'a', REAL_QID: '1', TIMER_DEL_UNIQKEY: 'k' };
    const plain = { TIMER_OUT_MS: OUT, REAL_TOPIC: 'b', REAL_QID: '1' };
    for (const properties of [recall, plain, recall]) {
      const bytes = recordWith(formatProperties(new Map(Object.entries(properties))));
      expect(byBytes(reader, bytes)).toEqual(byText(bytes));
    }
  });

  it('refuses a record whose lengths contradict each other, as `decodeRecord` does', () => {
    const bytes = recordWith('A\u0001b\u0002');
    bytes.writeInt32BE(bytes.length + 1, 0);
    expect(() => new TimedRecord().read(bytes, 0)).toThrow('malformed message record: size');
  });
});
