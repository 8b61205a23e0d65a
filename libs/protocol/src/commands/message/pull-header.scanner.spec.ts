import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { codec } from '../../define-command.js';
import { encodeRequestFrame } from '../../frame/encode-frame.js';
import { FrameWriter } from '../../frame/frame-writer.js';
import type { RemotingFrame } from '../../frame/frame.js';
import { ProtocolError } from '../../protocol-errors.js';
import { decodedFrame as decoded, rawFrame as frameOf } from '../../../test/raw-frames.js';
import { PullHeaderScanner } from './pull-header.scanner.js';
import { PullMessage } from './pull-message.command.js';

const usual: readonly (readonly [string, string])[] = [
  ['consumerGroup', 'group'],
  ['topic', '%RETRY%group'],
  ['queueId', '7'],
  ['queueOffset', '9007199254740'],
  ['maxMsgNums', '32'],
  ['sysFlag', '2'],
  ['commitOffset', '-1'],
  ['suspendTimeoutMillis', '15000'],
  ['subscription', '*'],
  ['subVersion', '1700000000000'],
  ['expressionType', 'TAG'],
  ['maxMsgBytes', '1000'],
  ['bname', 'broker-a'],
];

const scanner = new PullHeaderScanner();

const jsonOf = (fields: readonly (readonly [string, string])[]): string =>
  `{"code":11,"extFields":{${fields.map(([name, value]) => `"${name}":"${value}"`).join(',')}},` +
  '"flag":0,"language":"JAVA","opaque":1,"serializeTypeCurrentRPC":"JSON","version":513}';

/** What the broker looks at, or the words of the refusal. */
function picked(read: (frame: RemotingFrame) => object, frame: RemotingFrame): unknown {
  try {
    const header = read(frame) as Record<string, unknown>;
    return [
      ...['consumerGroup', 'topic', 'queueId', 'queueOffset', 'maxMsgNums', 'sysFlag'],
      ...['commitOffset', 'suspendTimeoutMs', 'subscription', 'subVersion', 'expressionType'],
      'maxMsgBytes',
    ].map((name) => header[name]);
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return (error as Error).message;
  }
}

const scanned = (frame: RemotingFrame): unknown => picked((from) => scanner.scan(from), frame);
const strictly = (frame: RemotingFrame): unknown =>
  picked((from) => codec(PullMessage).decodeRequest(from.ext(), Buffer.alloc(0)).header, frame);

describe('PullHeaderScanner', () => {
  it('reads what clients send, and forgets it for the next', () => {
    const all = [
      ...['group', '%RETRY%group', 7, 9_007_199_254_740, 32, 2],
      ...[-1, 15_000, '*', 1_700_000_000_000, 'TAG', 1000],
    ];
    expect(scanned(frameOf(jsonOf(usual)))).toEqual(all);
    const required = usual.filter(
      ([name]) => !['subscription', 'expressionType', 'maxMsgBytes', 'bname'].includes(name),
    );
    const few = all.map((value, i) => ([8, 10, 11].includes(i) ? undefined : value));
    expect(scanned(frameOf(jsonOf(required)))).toEqual(few);
    expect(scanned(frameOf(jsonOf([...required].reverse())))).toEqual(few);
  });

  it('reads headers in binary', () => {
    const writer = new FrameWriter();
    encodeRequestFrame(writer, { code: 11, opaque: 1, ext: new Map(usual), serializeType: 1 });
    const frame = decoded(writer.bytes());
    expect(scanned(frame)).toEqual(strictly(frame));
    expect(scanned(frame)).toContain('%RETRY%group');
  });

  it('gives what the codec gives, whatever comes', () => {
    const text = fc.constantFrom(
      't',
      '',
      'é',
      '\\"',
      '\\u0041',
      'a\\\\',
      'x'.repeat(300),
      '}',
      ',',
    );
    const number = fc.oneof(
      fc.integer().map(String),
      fc.constantFrom('', '-', '0', '-0', '007', '+1', '1.5', ' 1', '1e3', '2147483648', 'x'),
      fc.constantFrom('9223372036854775807', '999999999999999', '-9007199254740993', '12345678901'),
    );
    const changes = fc.record({
      values: fc.array(fc.tuple(fc.nat(usual.length - 1), fc.oneof(text, number)), {
        maxLength: 2,
      }),
      left: fc.array(fc.nat(usual.length - 1), { maxLength: 1 }),
      added: fc.array(
        fc.tuple(
          fc.constantFrom('queueId', 'lo', 'requestSource', 'proxyFrowardClientId', 'other', 'nsd'),
          fc.oneof(text, number),
        ),
        { maxLength: 1 },
      ),
      byte: fc.option(
        fc.tuple(fc.nat(), fc.constantFrom('"', '}', '{', ',', ':', ' ', '\\', '0', '')),
        { freq: 3 },
      ),
    });
    fc.assert(
      fc.property(changes, ({ values, left, added, byte }) => {
        const fields = usual.map(([name, value]): [string, string] => [name, value]);
        for (const [i, value] of values) fields[i]![1] = value;
        const kept = [...fields.filter((_field, i) => !left.includes(i)), ...added];
        let json = jsonOf(kept);
        if (byte) {
          const at = byte[0] % json.length;
          json = json.slice(0, at) + byte[1] + json.slice(at + 1);
        }
        let frame: RemotingFrame;
        try {
          frame = frameOf(json);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          return;
        }
        expect(scanned(frame)).toEqual(strictly(frame));
      }),
      { numRuns: 4000 },
    );
  });
});
