import { deflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MalformedBodyError } from '../protocol-errors.js';
import {
  REGISTER_BODY_BYTES_MAX,
  decodeRegisterBody,
  encodeRegisterBody,
  registerBodyCrc,
} from './register-broker-body.js';
import type { RegisterBrokerBody } from './register-broker-body.js';
import { TopicConfig } from './topic-config.js';

const topic = (topicName: string, attributes = new Map<string, string>()): TopicConfig =>
  TopicConfig.read(
    new Map<string, string | Map<string, string>>([
      ['topicName', topicName],
      ['attributes', attributes],
    ]),
    '',
  );

const body: RegisterBrokerBody = {
  filterServerList: [],
  topicConfigSerializeWrapper: {
    dataVersion: { counter: 1, stateVersion: 0, timestamp: 5 },
    mappingDataVersion: { counter: 0, stateVersion: 0, timestamp: 0 },
    topicConfigTable: new Map([
      ['a', topic('a', new Map([['message.type', 'FIFO with spaces']]))],
      ['__proto__', topic('__proto__')],
    ]),
    topicQueueMappingDetailMap: new Map(),
    topicQueueMappingInfoMap: new Map(),
  },
};

const COMPRESSED = { compressed: true, peerVersion: 513 };

function deflated(...parts: readonly (string | number)[]): Buffer {
  const pieces = parts.map((part) => {
    const bytes = Buffer.from(typeof part === 'string' ? part : '');
    const head = Buffer.alloc(4);
    head.writeInt32BE(typeof part === 'string' ? bytes.length : part, 0);
    return Buffer.concat([head, bytes]);
  });
  return deflateSync(Buffer.concat(pieces));
}

const VERSION = '{"counter":1,"stateVersion":0,"timestamp":5}';

describe('the body of REGISTER_BROKER', () => {
  it('is read as it was written, as JSON and deflated', () => {
    const json = encodeRegisterBody(body, false);
    expect(decodeRegisterBody(json, { compressed: false, peerVersion: 513 })).toEqual(body);
    expect(decodeRegisterBody(encodeRegisterBody(body, true), COMPRESSED)).toEqual(body);
  });

  it('has a checksum of 31 bits', () => {
    expect(registerBodyCrc(Buffer.from('123456789'))).toBe(0xcbf43926 & 0x7fffffff);
  });

  it('of a broker before 5.0 has no static topics and no attributes', () => {
    const bytes = deflated(VERSION, 1, 'a 4 8 6 SINGLE_TAG', '[]');
    const read = decodeRegisterBody(bytes, { compressed: true, peerVersion: 409 });
    expect(read.topicConfigSerializeWrapper.topicConfigTable.get('a')).toEqual({
      ...{
        topicName: 'a',
        readQueueNums: 4,
        writeQueueNums: 8,
        perm: 6,
        topicFilterType: 'SINGLE_TAG',
      },
      ...{ attributes: new Map(), order: false, topicSysFlag: 0 },
    });
    expect(() => decodeRegisterBody(bytes, COMPRESSED)).toThrow(/ends too early/);
  });

  it('refuses what lies about its lengths', () => {
    const wrong = [
      deflated(VERSION, -1),
      deflated(VERSION, 0x7fffffff),
      deflated(VERSION, 1, 'a 4 8'),
      deflated(VERSION, 1, 'a four 8 6 SINGLE_TAG {}', '[]', 0),
      deflated(VERSION, 1, ' 4 8 6 SINGLE_TAG {}', '[]', 0),
      deflated('[]', 0, '[]', 0),
      deflated(0x7fffffff),
      deflated(-1),
      Buffer.from('not deflated'),
      encodeRegisterBody(body, true).subarray(0, 20),
    ];
    for (const bytes of wrong) {
      expect(() => decodeRegisterBody(bytes, COMPRESSED)).toThrow(MalformedBodyError);
    }
  });

  it('that inflates beyond its limit is refused while it is small (B14)', () => {
    const bomb = deflateSync(Buffer.alloc(REGISTER_BODY_BYTES_MAX + 1), { level: 9 });
    expect(bomb.length).toBeLessThan(100_000);
    expect(() => decodeRegisterBody(bomb, COMPRESSED)).toThrow(/does not inflate/);
  });

  it('is taken or refused whatever is inside', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat({ max: 120 }), (random, end) => {
        for (const bytes of [
          deflateSync(random),
          encodeRegisterBody(body, true).subarray(0, end),
        ]) {
          try {
            decodeRegisterBody(bytes, COMPRESSED);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedBodyError);
          }
        }
      }),
    );
  });
});
