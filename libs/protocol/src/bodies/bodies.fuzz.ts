import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { commands } from '../commands/index.js';
import { FASTJSON, STRICT_JSON, type JsonType } from '../json/json-type.js';
import { formatJson, prettyJson, readJson } from '../json/json-text.js';
import { MalformedBodyError } from '../protocol-errors.js';
import { ConsumerOffsetFile, TopicStatsTable } from './offset-tables.js';
import { HeartbeatData } from './heartbeat-data.js';
import { TopicConfigWrapper } from './topic-config.js';
import { decodeTopicRoute, encodeTopicRoute } from './topic-route-data.js';

const name = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    '%RETRY%g',
    'a"b\\',
    '{"x":1}',
    '订单 😀',
    '\u0001\u2028',
  ),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
);
const int32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const mapOf = <K, V>(key: fc.Arbitrary<K>, value: fc.Arbitrary<V>): fc.Arbitrary<Map<K, V>> =>
  fc.array(fc.tuple(key, value), { maxLength: 4 }).map((entries) => new Map(entries));
const few = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { maxLength: 3 });

const route = fc.record(
  {
    brokerDatas: few(
      fc.record(
        {
          brokerAddrs: mapOf(fc.maxSafeNat(), name),
          brokerName: name,
          cluster: name,
          enableActingMaster: fc.boolean(),
          zoneName: name,
        },
        { requiredKeys: ['brokerAddrs', 'brokerName', 'enableActingMaster'] },
      ),
    ),
    filterServerTable: mapOf(name, few(name)),
    orderTopicConf: name,
    queueDatas: few(
      fc.record({
        brokerName: name,
        perm: int32,
        readQueueNums: int32,
        topicSysFlag: int32,
        writeQueueNums: int32,
      }),
    ),
  },
  { requiredKeys: ['brokerDatas', 'filterServerTable', 'queueDatas'] },
);

const heartbeat = fc.record({
  clientID: name,
  consumerDataSet: few(
    fc.record({
      consumeFromWhere: fc.constantFrom(
        'CONSUME_FROM_LAST_OFFSET' as const,
        'CONSUME_FROM_TIMESTAMP' as const,
      ),
      consumeType: fc.constantFrom('CONSUME_ACTIVELY' as const, 'CONSUME_PASSIVELY' as const),
      groupName: name,
      messageModel: fc.constantFrom('BROADCASTING' as const, 'CLUSTERING' as const),
      subscriptionDataSet: few(
        fc.record({
          classFilterMode: fc.boolean(),
          codeSet: few(int32),
          expressionType: name,
          subString: name,
          subVersion: fc.maxSafeInteger(),
          tagsSet: few(name),
          topic: name,
        }),
      ),
      unitMode: fc.boolean(),
    }),
  ),
  heartbeatFingerprint: int32,
  producerDataSet: few(fc.record({ groupName: name })),
  withoutSub: fc.boolean(),
});

const topicStats = fc.record({
  offsetTable: few(
    fc.tuple(
      fc.record({ brokerName: name, queueId: int32, topic: name }),
      fc.record({
        lastUpdateTimestamp: fc.maxSafeInteger(),
        maxOffset: fc.maxSafeNat(),
        minOffset: fc.maxSafeNat(),
      }),
    ),
  ),
  topicPutTps: fc.double({ noNaN: true, noDefaultInfinity: true, min: 0, max: 1e9 }),
});

const dataVersion = fc.record({
  counter: fc.maxSafeNat(),
  stateVersion: fc.nat(),
  timestamp: fc.maxSafeNat(),
});
const offsets = fc.record({
  dataVersion,
  groupTopicMap: mapOf(name, few(name)),
  offsetTable: mapOf(name, mapOf(fc.nat(), fc.maxSafeInteger())),
  pullOffsetTable: mapOf(name, mapOf(fc.nat(), fc.maxSafeInteger())),
});
const topics = fc.record({
  dataVersion,
  topicConfigTable: mapOf(
    name,
    fc.record({
      attributes: mapOf(name, name),
      order: fc.boolean(),
      perm: int32,
      readQueueNums: int32,
      topicFilterType: fc.constantFrom('SINGLE_TAG' as const, 'MULTI_TAG' as const),
      topicName: name,
      topicSysFlag: int32,
      writeQueueNums: int32,
    }),
  ),
});

describe('JSON bodies', () => {
  const shapes: readonly (readonly [string, JsonType<never>, fc.Arbitrary<unknown>])[] = [
    ['HeartbeatData', HeartbeatData as JsonType<never>, heartbeat],
    ['TopicStatsTable', TopicStatsTable as JsonType<never>, topicStats],
    ['ConsumerOffsetFile', ConsumerOffsetFile as JsonType<never>, offsets],
    ['TopicConfigWrapper', TopicConfigWrapper as JsonType<never>, topics],
  ];
  for (const [what, shape, values] of shapes) {
    it(`${what} is read as it was written, in every style and layout`, () => {
      fc.assert(
        fc.property(
          values,
          fc.constantFrom(FASTJSON, STRICT_JSON),
          fc.boolean(),
          (value, style, pretty) => {
            const compact = formatJson(shape, value as never, style);
            expect(readJson(shape, pretty ? prettyJson(compact) : compact)).toEqual(value);
          },
        ),
      );
    });
  }

  it('TopicRouteData is read as it was written, for old clients and new ones', () => {
    fc.assert(
      fc.property(route, fc.boolean(), (value, standard) => {
        expect(decodeTopicRoute(encodeTopicRoute(value, standard))).toEqual(value);
      }),
    );
  });

  it('in the standard form are JSON to anybody', () => {
    fc.assert(
      fc.property(route, (value) => {
        expect(
          () => JSON.parse(encodeTopicRoute(value, true).toString('utf8')) as unknown,
        ).not.toThrow();
      }),
    );
  });
});

describe('the body of any command', () => {
  const samples = [
    formatJson(
      HeartbeatData as JsonType<unknown>,
      fc.sample(heartbeat, { numRuns: 1, seed: 7 })[0],
    ),
    formatJson(
      TopicStatsTable as JsonType<unknown>,
      fc.sample(topicStats, { numRuns: 1, seed: 7 })[0],
    ),
    '{"table":{"a":"b"}}',
    '{"mqSet":[{"brokerName":"b","queueId":0,"topic":"t"}],"clientId":"c","consumerGroup":"g"}',
  ];

  it('is read or refused, whatever bytes come', () => {
    const damaged = fc
      .tuple(
        fc.constantFrom(...samples),
        fc.nat(),
        fc.nat(),
        fc.constantFrom('', '[', '{', '"', '9'.repeat(20), 'null'),
      )
      .map(([text, at, length, put]) => {
        const start = at % (text.length + 1);
        return Buffer.from(text.slice(0, start) + put + text.slice(start + (length % 5)));
      });
    const random = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(damaged, random), (bytes) => {
        for (const command of commands) {
          for (const { body } of [command.request, command.response]) {
            try {
              body.decode(bytes);
            } catch (error) {
              expect(error).toBeInstanceOf(MalformedBodyError);
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
