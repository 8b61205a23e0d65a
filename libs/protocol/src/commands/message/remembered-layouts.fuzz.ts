import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FrameDecoder } from '../../frame/frame-decoder.js';
import type { RemotingFrame } from '../../frame/frame.js';
import { ProtocolError } from '../../protocol-errors.js';
import { SendHeaderScanner } from './send-header.scanner.js';

const LONG_NAMES =
  '{"code":10,"extFields":{"batch":"false","bornTimestamp":"1700000000000","defaultTopic":"TBW102",' +
  '"defaultTopicQueueNums":"4","flag":"0","producerGroup":"g","properties":"TAGS\\u0001x\\u0002","queueId":"3",' +
  '"reconsumeTimes":"0","sysFlag":"0","topic":"t","unitMode":"false"},"flag":0,"language":"JAVA","opaque":17,' +
  '"serializeTypeCurrentRPC":"JSON","version":513}';
const SHORT_NAMES =
  '{"code":310,"extFields":{"a":"g","b":"t","c":"TBW102","d":"4","e":"3","f":"0","g":"1700000000000","h":"0",' +
  '"i":"TAGS\\u0001x\\u0002WAIT\\u0001true\\u0002","j":"0","k":"false","m":"false","n":"broker-a"},"flag":0,' +
  '"language":"JAVA","opaque":17,"serializeTypeCurrentRPC":"JSON","version":513}';

/** Something usual nine times of ten, else something odd. */
const mostly = <T, U>(usual: fc.Arbitrary<T>, ...odd: readonly U[]): fc.Arbitrary<T | U> =>
  fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: fc.constantFrom(...odd) });

/** The next header of a connection: the usual one with other values, now and then with something else in it. */
const anyHeader = fc
  .tuple(
    fc.constantFrom(SHORT_NAMES, SHORT_NAMES, SHORT_NAMES, LONG_NAMES),
    fc.record({
      opaque: mostly(fc.nat(), '-1', '00', '99999999999', '1.5', '""'),
      topic: mostly(fc.constantFrom('t', 'topic2'), 'é', 'x\\u0041', '', 'a}', '"'),
      queueId: mostly(fc.integer(), '', '3000000000', 'x'),
      retries: fc.constantFrom('0', '7'),
      born: mostly(fc.nat(), '', '9223372036854775807'),
      tag: mostly(
        fc.constantFrom('x', 'yy', 'x'.repeat(40), '\\"', '\\u0002KEYS\\u0001k'),
        ...['é', '\\u0001', ''],
      ),
      change: mostly(
        fc.constant(undefined),
        ...['"', '}', '{', ',', '0', ' ', '\\', ''].map((char) => ({ char })),
      ),
      changeAt: fc.nat(),
    }),
  )
  .map(([base, { opaque, topic, queueId, retries, born, tag, change, changeAt }]) => {
    const header = base
      .replace('"opaque":17', `"opaque":${opaque}`)
      .replace(/"(b|topic)":"t"/, `"$1":"${topic}"`)
      .replace(/"(e|queueId)":"3"/, `"$1":"${queueId}"`)
      .replace(/"(j|reconsumeTimes)":"0"/, `"$1":"${retries}"`)
      .replace('"1700000000000"', `"${born}"`)
      .replace('\\u0001x', `\\u0001${tag}`);
    if (change === undefined) return header;
    const at = changeAt % header.length;
    return header.slice(0, at) + change.char + header.slice(at + 1);
  });

function framed(header: string): Buffer {
  const bytes = Buffer.from(header);
  const frame = Buffer.alloc(8 + bytes.length);
  frame.writeInt32BE(4 + bytes.length, 0);
  frame.writeInt32BE(bytes.length, 4);
  bytes.copy(frame, 8);
  return frame;
}

/** All that a handler could see of the frame, or the error that it gets. */
function seen(decoder: FrameDecoder, scanner: SendHeaderScanner, header: string): unknown {
  let result: unknown;
  const look = (frame: RemotingFrame): void => {
    const { code, opaque, flag, version, languageCode, remark } = frame;
    const fixed = { code, opaque, flag, version, languageCode, remark };
    try {
      const { properties, propertiesView: _view, topicText, ...fields } = scanner.scan(frame);
      result = {
        ...{ fixed, fields, ext: [...frame.ext()], topicText: topicText.text },
        properties: properties.toString('hex', 0, fields.propertiesEnd),
      };
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
      result = { fixed, error: (error as Error).message };
    }
  };
  try {
    decoder.push(framed(header), look);
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    result = (error as Error).message;
  }
  return result;
}

/** Positions of parts that the message does not have mean nothing. */
function comparable(result: unknown): unknown {
  const { fields } = result as { fields?: Record<string, number> };
  if (fields === undefined) return result;
  const ends = { uniqKeyEnd: 'uniqKeyStart', keysEnd: 'keysStart', tagsEnd: 'tagsStart' } as const;
  const cleaned = { ...fields };
  for (const [end, start] of Object.entries(ends)) if (fields[start] === -1) cleaned[end] = -1;
  return { ...(result as object), fields: cleaned };
}

describe('a decoder and a scanner that remember layouts', () => {
  it('see in every header what new ones see', () => {
    fc.assert(
      fc.property(fc.array(anyHeader, { minLength: 1, maxLength: 12 }), (headers) => {
        let decoder = new FrameDecoder();
        const scanner = new SendHeaderScanner();
        for (const header of headers) {
          const remembered = comparable(seen(decoder, scanner, header));
          const fresh = comparable(seen(new FrameDecoder(), new SendHeaderScanner(), header));
          expect([header, remembered]).toEqual([header, fresh]);
          // A decoder that threw is not used again.
          if (typeof remembered === 'string') decoder = new FrameDecoder();
        }
      }),
      { numRuns: 1500 },
    );
  });
});
