import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { codec } from '../../define-command.js';
import { encodeRequestFrame } from '../../frame/encode-frame.js';
import { FrameDecoder } from '../../frame/frame-decoder.js';
import { FrameWriter } from '../../frame/frame-writer.js';
import type { RemotingFrame } from '../../frame/frame.js';
import { parseProperties, propertyBytes } from '../../message/message-properties.js';
import { tagsCodeOf } from '../../message/tags-code.js';
import { MalformedHeaderError, ProtocolError } from '../../protocol-errors.js';
import { sendFields, sendFieldsV2 } from './send-fields.js';
import { SendHeaderScanner } from './send-header.scanner.js';
import { SendMessage } from './send-message.command.js';
import { SendMessageV2 } from './send-message-v2.command.js';

const scanner = new SendHeaderScanner();

function frameOf(code: number, serializeType: 0 | 1, ext: Map<string, string>): RemotingFrame {
  const writer = new FrameWriter();
  encodeRequestFrame(writer, { code, opaque: 1, ext, serializeType });
  return decoded(writer.bytes());
}

function decoded(bytes: Buffer): RemotingFrame {
  let frame: RemotingFrame | undefined;
  new FrameDecoder().push(bytes, (got) => (frame = got.retain()));
  return frame!;
}

/** A frame with this text as its header. */
function rawFrame(header: string): RemotingFrame {
  const bytes = Buffer.from(header);
  const prefix = Buffer.alloc(8);
  prefix.writeInt32BE(4 + bytes.length, 0);
  prefix.writeInt32BE(bytes.length, 4);
  return decoded(Buffer.concat([prefix, bytes]));
}

/** What the scanner found, in the words of the codec. */
function scanned(frame: RemotingFrame): Record<string, unknown> {
  const header = scanner.scan(frame);
  const { producerGroup, topic, defaultTopic, defaultTopicQueueNums, queueId, sysFlag } = header;
  const { bornTimestampMs, flag, reconsumeTimes, unitMode, batch, maxReconsumeTimes } = header;
  expect(header.topicText.text).toBe(topic);
  if (header.topicEnd !== 0)
    expect(frame.bytes.toString('latin1', header.topicStart, header.topicEnd)).toBe(topic);
  return {
    ...{ producerGroup, topic, defaultTopic, defaultTopicQueueNums, queueId, sysFlag },
    ...{ bornTimestampMs, flag, reconsumeTimes, unitMode, batch, maxReconsumeTimes },
    properties: [...header.propertiesMap()],
    uniqKey: header.uniqKey(),
    keys: header.keys(),
    tags: header.tags(),
    tagsCode: header.tagsCode,
    waitForStore: header.waitForStore,
  };
}

/** The same by the codec alone. */
function strictly(frame: RemotingFrame): Record<string, unknown> {
  const command = frame.code === SendMessage.code ? SendMessage : SendMessageV2;
  const { header } = codec(command).decodeRequest(frame.ext(), Buffer.alloc(0));
  // Properties are UTF-8 in the record: what is no text becomes the replacement character on the way.
  const text = Buffer.from(header.properties ?? '').toString('utf8');
  const properties = parseProperties(text);
  return {
    ...Object.fromEntries(
      Object.keys(sendFields).map((name) => [name, header[name as keyof typeof header]]),
    ),
    properties: [...properties],
    uniqKey: properties.get('UNIQ_KEY'),
    keys: properties.get('KEYS'),
    tags: properties.get('TAGS'),
    tagsCode: tagsCodeOf(properties.get('TAGS')),
    waitForStore: (properties.get('WAIT') ?? 'true').toLowerCase() === 'true',
  };
}

function outcome(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return (error as Error).message;
  }
}

const part = fc.oneof(
  fc.constantFrom(
    'KEYS',
    'TAGS',
    'WAIT',
    'UNIQ_KEY',
    'DELAY',
    'true',
    'FALSE',
    'x',
    'é',
    '"',
    '\\',
    '\n',
    '',
  ),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
);
const propertiesText = fc
  .array(fc.tuple(part, fc.constantFrom('\u0001', '\u0001', '\u0001', ''), part), { maxLength: 6 })
  .chain((parts) =>
    fc
      .constantFrom('\u0002', '')
      .map(
        (last) =>
          parts.map((three) => three.join('')).join('\u0002') + (parts.length > 0 ? last : ''),
      ),
  );
const number = fc.oneof(
  fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }).map(String),
  fc.constantFrom('', '0x1', '+3', '2147483648', '9223372036854775807', '1.0', 'true'),
);
const name = fc.oneof(
  fc.constantFrom('TopicTest', 'TBW102', '__proto__', '%RETRY%group', '订单', 'a"b'),
  fc.string({ maxLength: 5 }),
);
const yesNo = fc.constantFrom('true', 'false', 'TRUE', '1', '');
const valueOf: Readonly<Record<string, fc.Arbitrary<string>>> = {
  ...{ a: name, b: name, c: name, d: number, e: number, f: number, h: number, i: propertiesText },
  ...{
    g: fc.oneof(fc.maxSafeNat().map(String), number),
    j: number,
    k: yesNo,
    l: number,
    m: yesNo,
    n: name,
  },
};
const longNames = new Map(
  Object.entries(sendFields).map(([ours, field]) => [
    sendFieldsV2[ours as keyof typeof sendFields].wireName!,
    field.wireName ?? ours,
  ]),
);

/** Mostly complete headers in any order, now and then with a field missing or one more. */
const extFields = fc
  .tuple(
    fc.shuffledSubarray(Object.keys(valueOf), { minLength: 11 }),
    fc.record(valueOf as Record<string, fc.Arbitrary<string>>),
    fc.boolean(),
    fc.constantFrom(310, 320, 10),
  )
  .map(([letters, values, more, code]) => {
    const ext = new Map<string, string>();
    for (const letter of letters) {
      const wire = code === 10 ? longNames.get(letter) : letter;
      if (wire !== undefined) ext.set(wire, values[letter]!);
    }
    if (more) ext.set('bname', 'broker-é');
    return { code, ext };
  });

describe('SendHeaderScanner.scan', () => {
  it('gives what the codec gives, in both serializations, and fails as it does', () => {
    fc.assert(
      fc.property(
        extFields,
        fc.constantFrom(0 as const, 1 as const),
        ({ code, ext }, serializeType) => {
          const frame = frameOf(code, serializeType, ext);
          expect(outcome(() => scanned(frame))).toEqual(outcome(() => strictly(frame)));
        },
      ),
      { numRuns: 3000 },
    );
  });

  const usual =
    '{"a":"g","b":"t","c":"TBW102","d":"4","e":"3","f":"0","g":"1700000000000","h":"0","i":"TAGS\\u0001x\\u0002"}';
  const around = (ext: string): string =>
    `{"code":310,"extFields":${ext},"flag":0,"language":"JAVA","opaque":7,"serializeTypeCurrentRPC":"JSON","version":513}`;

  it('gives what the codec gives for JSON that no encoder of ours writes', () => {
    const variants = [
      usual,
      usual.replaceAll(':', ' :'),
      usual.replaceAll(',', ', '),
      usual.replace('"b"', '"\\u0062"'),
      usual.replace('"t"', '"\\u0074"'),
      usual.replace('"4"', '4'),
      usual.replace('"4"', 'null'),
      usual.replace('"4"', '"-4"'),
      usual.replace('"4"', '"+4"'),
      usual.replace('"4"', '""'),
      usual.replace('}', ',"b":"second"}'),
      usual.replace('}', ',"":"empty"}'),
      usual.replace('}', ',"x\\"y":"z"}'),
      usual.replace('}', ',"bname":"a\\"b"}'),
      usual.replace('}', ',"k":"true","m":"true","l":"16","j":"2"}'),
      usual.replace('"a":"g",', ''),
      usual.replace('\\u0001', '\\u0041'),
      usual.replace('\\u0001', '\\u00e9\\u0001'),
      usual.replace('\\u0001', '\\ud83d\\ude00\\u0001'),
      usual.replace('\\u0001x', '\\u0001\\"\\\\\\/\\b\\f\\n\\r\\t\\u001F\\u007f'),
      usual.replace('\\u0001x', '\\u0001\\x41\\v'),
      usual.replace('\\u0001', '\\u0000\\u0001'),
      usual.replace('\\u0001', '\u0001'),
      usual.replace('x\\u0002', 'x'),
      usual.replace('x\\u0002', ''),
      usual.replace('x\\u0002', 'x\\u0002\\u0002'),
      usual.replace('x\\u0002', 'x\\u0002TAGS\\u0001y\\u0002WAIT\\u0001False\\u0002'),
      usual.replace(',"i":"TAGS\\u0001x\\u0002"', ',"i":""'),
      usual.replace(',"i":"TAGS\\u0001x\\u0002"', ''),
      usual.replace('"b":"t"', '"b":"t"}'),
      '{}',
      '{"":":",",":"x"}',
    ];
    for (const variant of variants) {
      const header = around(variant);
      const frame = outcome(() => rawFrame(header)) as RemotingFrame | string;
      if (typeof frame === 'string') continue;
      expect([variant, outcome(() => scanned(frame))]).toEqual([
        variant,
        outcome(() => strictly(frame)),
      ]);
    }
  });

  it('names the field that is wrong', () => {
    const scan = (ext: string) => () => scanner.scan(rawFrame(around(ext)));
    expect(scan(usual.replace('"4"', '"four"'))).toThrow(
      new MalformedHeaderError('d (defaultTopicQueueNums)', 'is no integer: "four"'),
    );
    expect(scan(usual.replace('"b":"t",', ''))).toThrow(
      new MalformedHeaderError('b (topic)', 'is missing'),
    );
  });

  it('says when a property asks for more than storing', () => {
    const ext = new Map(Object.entries(JSON.parse(usual) as Record<string, string>));
    const special = (properties: string): boolean =>
      scanner.scan(frameOf(310, 1, new Map(ext).set('i', properties))).special;
    for (const asks of [
      'DELAY',
      'TRAN_MSG',
      'TIMER_DELAY_SEC',
      'POP_CK',
      'CLUSTER',
      '__RMQ.TRANSIENT.x',
      '__CRC32#',
    ]) {
      expect([asks, special(`a\u0001b\u0002${asks}\u00013\u0002`)]).toEqual([asks, true]);
    }
    for (const plain of [
      'KEYS',
      'UNIQ_KEY',
      'WAIT',
      'DELAX',
      'delay',
      '__SHARDINGKEY',
      'INSTANCE_ID',
      'x'.repeat(300),
    ]) {
      expect([plain, special(`${plain}\u00013\u0002`)]).toEqual([plain, false]);
    }
  });

  it('leaves room for properties that a broker adds', () => {
    const header = scanner.scan(rawFrame(around(usual)));
    const { properties } = header;
    header.appendProperty(propertyBytes('CLUSTER', 'c'));
    expect(header.properties).toBe(properties);
    header.appendProperty(propertyBytes('x', 'y'.repeat(100_000)));
    expect([...header.propertiesMap().keys()]).toEqual(['TAGS', 'CLUSTER', 'x']);
    expect(header.tags()).toBe('x');
  });

  it('takes properties of the largest header', () => {
    const value = 'v'.repeat(200_000);
    const header = scanner.scan(rawFrame(around(usual.replace('x\\u0002', `${value}\\u0002`))));
    expect(header.tags()).toBe(value);
  });

  it('tells where the topic stands, unless it is written in another form', () => {
    const ends = ['t', '\\u0074'].map((name) => {
      const text = usual.replace('"b":"t"', `"b":"${name}"`);
      const { topic, topicStart, topicEnd } = scanner.scan(rawFrame(around(text)));
      return [topic, topicEnd - topicStart];
    });
    expect(ends).toEqual([
      ['t', 1],
      ['t', 0],
    ]);
  });

  it('gives the same text for the same topic, which may be kept with what was found under it', () => {
    const first = scanner.scan(rawFrame(around(usual))).topicText;
    first.found = scanner;
    const other = scanner.scan(rawFrame(around(usual.replace('"b":"t"', '"b":"u"')))).topicText;
    const again = scanner.scan(rawFrame(around(usual))).topicText;
    expect(again).toBe(first);
    expect([again.found, other.found]).toEqual([scanner, undefined]);
    expect([first.text, other.text]).toEqual(['t', 'u']);
  });
});
