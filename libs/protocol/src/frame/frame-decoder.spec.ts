import { describe, expect, it } from '@jest/globals';
import { FrameTooLargeError, MalformedFrameError, type ProtocolError } from '../protocol-errors.js';
import { encodeRequestFrame, encodeResponseFrame } from './encode-frame.js';
import { DEFAULT_FRAME_LIMITS, FrameDecoder } from './frame-decoder.js';
import { FrameWriter } from './frame-writer.js';
import type { RemotingFrame } from './frame.js';

const MIB = 1024 * 1024;

function framesOf(bytes: Buffer, decoder = new FrameDecoder()): RemotingFrame[] {
  const frames: RemotingFrame[] = [];
  decoder.push(bytes, (frame) => frames.push(frame.retain()));
  return frames;
}

/** A frame with this header text, which need not be one that our encoder writes. */
function withHeader(header: string | Buffer, serializeType = 0, body = ''): Buffer {
  const headerBytes = Buffer.from(header as string);
  const bodyBytes = Buffer.from(body);
  const prefix = Buffer.alloc(8);
  prefix.writeInt32BE(4 + headerBytes.length + bodyBytes.length, 0);
  prefix.writeInt32BE((serializeType << 24) | headerBytes.length, 4);
  return Buffer.concat([prefix, headerBytes, bodyBytes]);
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => bytes.writeInt32BE(value | 0, 4 * i));
  return bytes;
}

describe('FrameDecoder.push', () => {
  it('does not copy a frame that lies wholly inside a chunk (I1)', () => {
    const chunk = withHeader('{"code":1,"opaque":2}', 0, 'body');
    let seen: Buffer | undefined;
    new FrameDecoder().push(chunk, (frame) => (seen = frame.body));
    expect(seen!.buffer).toBe(chunk.buffer);
    expect(seen!.toString()).toBe('body');
  });

  it('keeps what is left of an unfinished frame and says how much', () => {
    const frame = withHeader('{"code":1}', 0, 'x'.repeat(5000));
    const decoder = new FrameDecoder();
    expect(framesOf(frame.subarray(0, 3000), decoder)).toEqual([]);
    expect(decoder.partialBytes).toBe(3000);
    expect(framesOf(frame.subarray(3000), decoder)).toHaveLength(1);
    expect(decoder.partialBytes).toBe(0);
  });

  it('takes no more memory than twice the bytes that came, whatever length is announced (I2, B2)', () => {
    const decoder = new FrameDecoder();
    decoder.push(words(16 * MIB, 100), () => undefined);
    const held = decoder as unknown as { partial: Buffer };
    expect(held.partial.length).toBeLessThanOrEqual(1024);
    decoder.push(Buffer.alloc(10_000), () => undefined);
    expect(held.partial.length).toBeLessThanOrEqual(2 * 10_008);
  });

  it('uses the memory of a finished frame for the next one of any connection', () => {
    const frame = withHeader('{"code":1}', 0, 'x'.repeat(5_000));
    const memory = new Set<ArrayBufferLike>();
    for (const decoder of [new FrameDecoder(), new FrameDecoder()]) {
      for (let i = 0; i < 3; i++) {
        decoder.push(frame.subarray(0, 4_500), () => undefined);
        decoder.push(frame.subarray(4_500), ({ body }) => {
          expect(body.toString()).toBe('x'.repeat(5_000));
          memory.add(body.buffer);
        });
      }
    }
    expect(memory.size).toBe(1);
  });

  it('takes 16 MiB in pieces of 64 bytes in linear time (I3, B3)', () => {
    const frame = withHeader('{"code":1}', 0, 'x'.repeat(16 * MIB - 100));
    const decoder = new FrameDecoder();
    let bodyBytes = 0;
    const before = process.cpuUsage();
    for (let at = 0; at < frame.length; at += 64) {
      decoder.push(frame.subarray(at, at + 64), (done) => (bodyBytes = done.bodySizeBytes));
    }
    expect(bodyBytes).toBe(16 * MIB - 100);
    // Quadratic cost would be minutes.
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(3000);
  });

  it('hands out the frames in front of a broken one, then throws', () => {
    const good = withHeader('{"code":7}');
    const codes: number[] = [];
    const push = (): void =>
      new FrameDecoder().push(Buffer.concat([good, words(3, 0)]), (frame) =>
        codes.push(frame.code),
      );
    expect(push).toThrow(MalformedFrameError);
    expect(codes).toEqual([7]);
  });

  describe('refuses lengths that lie (B1, B4)', () => {
    const cases: readonly (readonly [string, Buffer, new (...args: never[]) => ProtocolError])[] = [
      ['length 0', words(0, 0), MalformedFrameError],
      ['length 3', words(3, 0), MalformedFrameError],
      ['negative length', words(-1, 0), MalformedFrameError],
      ['length beyond the limit', words(16 * MIB + 1, 10), FrameTooLargeError],
      ['header longer than the frame', words(20, 17), MalformedFrameError],
      ['header of 24 bits', words(MIB, 0xff_ffff), MalformedFrameError],
      ['header beyond its limit', words(MIB, 256 * 1024 + 1), FrameTooLargeError],
      ['no header', words(20, 0), MalformedFrameError],
      ['unknown serializer', words(20, (2 << 24) | 16), MalformedFrameError],
      ['serializer with the high bit set', words(20, (0x80 << 24) | 16), MalformedFrameError],
    ];
    for (const [what, bytes, error] of cases) {
      it(what, () => {
        expect(() => new FrameDecoder().push(bytes, () => undefined)).toThrow(error);
        const bytewise = new FrameDecoder();
        const feed = (): void => {
          for (const byte of bytes) bytewise.push(Buffer.from([byte]), () => undefined);
        };
        expect(feed).toThrow(error);
      });
    }

    it('refuses a length as soon as its four bytes are there', () => {
      expect(() => new FrameDecoder().push(words(-5), () => undefined)).toThrow(
        MalformedFrameError,
      );
    });
  });

  it('closes the connection for all of these', () => {
    const error = new MalformedFrameError('x');
    expect([error.closesConnection, error.code]).toEqual([true, 'ROCKETMQ_MALFORMED_FRAME']);
    expect(new FrameTooLargeError('frame', 2, 1).closesConnection).toBe(true);
  });
});

describe('JSON headers', () => {
  const javaOrder =
    '{"code":310,"extFields":{"a":"1","b":"x\\u0001y"},"flag":2,"language":"JAVA","opaque":5,"serializeTypeCurrentRPC":"JSON","version":513}';
  const goOrder =
    '{"code":310,"language":"GO","version":317,"opaque":5,"flag":2,"remark":"","extFields":{"a":"1","b":"x\\u0001y"}}';

  it('are read in the order of Java, of Go, spaced out, and with unknown fields', () => {
    const spaced = javaOrder.replaceAll(':', ' : ').replaceAll(',', ' ,\n');
    const unknown = javaOrder.replace('"flag"', '"suspended":false,"nested":{"x":[1]},"flag"');
    for (const header of [javaOrder, goOrder, spaced, unknown]) {
      const [frame] = framesOf(withHeader(header, 0, 'B'));
      expect(frame).toMatchObject({
        code: 310,
        opaque: 5,
        flag: 2,
        isOneWay: true,
        isResponse: false,
      });
      expect([...frame!.ext()]).toEqual([
        ['a', '1'],
        ['b', 'x\u0001y'],
      ]);
      expect(frame!.extText('a')).toBe('1');
      expect(frame!.body.toString()).toBe('B');
    }
    expect(framesOf(withHeader(goOrder))[0]).toMatchObject({
      languageCode: 9,
      version: 317,
      remark: undefined,
    });
  });

  it('tell apart braces inside of texts from those that end the ext fields', () => {
    const tricky = [
      '{"code":1,"extFields":{"k":"v"},"remark":"a}","flag":1,"opaque":9}',
      '{"code":1,"extFields":{"k":"v"},"remark":"},\\"flag\\":7","flag":1,"opaque":9}',
      '{"code":1,"extFields":{"k":"v"},"other":{"k":"w"},"flag":1,"opaque":9}',
      '{"code":1,"other":{"extFields":{"k":"w"}},"extFields":{"k":"v"},"flag":1,"opaque":9}',
      '{"code":1,"flag":1,"opaque":9,"extFields":{"k":"v"},"x":{}}',
      '{"code":1,"extFields":{"k":"v"},"flag":7,"opaque":8,"flag":1,"opaque":9}',
      '{"extFields":{"k":"w"},"code":1,"flag":1,"opaque":9,"extFields":{"k":"v"}}',
    ];
    for (const header of tricky) {
      const [frame] = framesOf(withHeader(header));
      expect([header, frame!.code, frame!.flag, frame!.opaque]).toEqual([header, 1, 1, 9]);
      expect([header, ...frame!.ext()]).toEqual([header, ['k', 'v']]);
    }
  });

  it('take ext values that are no strings as their text, and leave null out', () => {
    const [frame] = framesOf(
      withHeader('{"code":1,"extFields":{"n":12,"b":true,"big":9223372036854775807,"none":null}}'),
    );
    expect([...frame!.ext()]).toEqual([
      ['n', '12'],
      ['b', 'true'],
      ['big', '9223372036854775807'],
    ]);
  });

  it('keep names such as __proto__ as ordinary fields (B8)', () => {
    const [frame] = framesOf(
      withHeader(
        '{"code":1,"__proto__":{"code":5},"extFields":{"__proto__":"x","constructor":"y"}}',
      ),
    );
    expect(frame!.code).toBe(1);
    expect(frame!.extText('__proto__')).toBe('x');
    expect(frame!.extText('toString')).toBeUndefined();
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  describe('that are none close the connection (B6)', () => {
    const broken = [
      'null',
      '[]',
      '12',
      '{}',
      '{"opaque":1}',
      '{"code":"x"}',
      '{"code":1.5}',
      '{"code":1e999}',
      '{"code":NaN}',
      '{"code":99999999999}',
      '{"code":1,"remark":{}}',
      '{"code":1,"extFields":[]}',
      '{"code":1,"extFields":{"a":{}}}',
      '{"code":1',
      '{"code":1}}',
      '{"code":1} x',
      '{"code":1,}',
      '{"code":1,"remark":"\\u12"}',
      '\0\0\0',
    ];
    for (const header of broken) {
      it(JSON.stringify(header), () => {
        expect(() => framesOf(withHeader(header)).map((frame) => frame.ext())).toThrow(
          MalformedFrameError,
        );
      });
    }
  });

  it('with ext fields that do not parse are refused when these are asked for', () => {
    const [frame] = framesOf(
      withHeader('{"code":1,"extFields":{"a":"\\q"},"flag":0,"language":"JAVA","opaque":1}'),
    );
    expect(() => frame!.ext()).toThrow(MalformedFrameError);
  });

  it('survive lone surrogates and bytes that are no UTF-8', () => {
    const surrogate = framesOf(withHeader('{"code":1,"extFields":{"a":"\\ud800"}}'))[0]!;
    expect(surrogate.extText('a')).toBe('\ud800');
    const invalid = Buffer.concat([
      Buffer.from('{"code":1,"extFields":{"a":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}}'),
    ]);
    expect(framesOf(withHeader(invalid))[0]!.extText('a')).toBe('\ufffd\ufffd');
  });

  it('nested megabytes deep are refused at once (B7)', () => {
    const limits = { ...DEFAULT_FRAME_LIMITS, headerBytesMax: 8 * MIB };
    for (const open of ['[', '{"a":', '{"code":1,"extFields":{"a":{"b":{"c":']) {
      const header = open.repeat((4 * MIB) / open.length);
      const before = process.cpuUsage();
      expect(() => framesOf(withHeader(header), new FrameDecoder(limits))).toThrow(
        MalformedFrameError,
      );
      expect(process.cpuUsage(before).user / 1000).toBeLessThan(300);
    }
  });

  it('with more ext fields than allowed are refused', () => {
    const fields = Array.from({ length: 257 }, (_, i) => `"k${i}":"v"`).join();
    const forms = [`{"code":1,"extFields":{${fields}}}`, `{"code":1, "extFields":{${fields}}}`];
    for (const header of forms) {
      expect(() => framesOf(withHeader(header)).map((frame) => frame.ext())).toThrow(
        /more than 256 ext fields/,
      );
    }
  });

  it('read a number in quotes as a number, and an unknown language as OTHER', () => {
    const [frame] = framesOf(withHeader('{"code":"12","opaque":"-3","language":"COBOL"}'));
    expect(frame).toMatchObject({ code: 12, opaque: -3, languageCode: 7 });
    expect(framesOf(withHeader('{"code":1,"flag":-1}'))[0]).toMatchObject({
      flag: -1,
      isResponse: true,
      isOneWay: true,
    });
  });
});

describe('binary headers', () => {
  function binary(remarkBytes: number, extBytes: number, rest = Buffer.alloc(0)): Buffer {
    const fixed = Buffer.alloc(21);
    fixed.writeInt16BE(11, 0);
    fixed.writeInt32BE(remarkBytes, 13);
    fixed.writeInt32BE(extBytes, 17);
    return Buffer.concat([fixed, rest]);
  }

  it('with lengths that point outside are refused (B5)', () => {
    for (const [remark, ext] of [
      [-1, 0],
      [1, 0],
      [0x7fffffff, 0],
      [0, -1],
      [0, 1],
      [0, 0x7fffffff],
    ] as const) {
      const read = (): RemotingFrame[] => framesOf(withHeader(binary(remark, ext), 1));
      expect(read).toThrow(MalformedFrameError);
    }
    expect(() => framesOf(withHeader(Buffer.alloc(20), 1))).toThrow(MalformedFrameError);
  });

  it('with ext fields that do not fit are refused when these are asked for (B5)', () => {
    const tails = [
      Buffer.from([0xff, 0xff, 1]),
      Buffer.from([0, 1]),
      Buffer.from([0, 1, 0x61]),
      Buffer.from([0, 1, 0x61, 0, 0, 0]),
      Buffer.from([0, 1, 0x61, 0, 0, 0, 9, 1]),
      Buffer.from([0, 1, 0x61, 0xff, 0xff, 0xff, 0xff, 1]),
      Buffer.from([0]),
    ];
    for (const tail of tails) {
      const [frame] = framesOf(withHeader(binary(0, tail.length, tail), 1));
      expect(() => frame!.ext()).toThrow(MalformedFrameError);
    }
  });

  it('do not carry empty names and values', () => {
    const tail = Buffer.from([
      0, 0, 0, 0, 0, 1, 0x78, 0, 1, 0x61, 0, 0, 0, 0, 0, 1, 0x62, 0, 0, 0, 1, 0x63,
    ]);
    const [frame] = framesOf(withHeader(binary(0, tail.length, tail), 1));
    expect([...frame!.ext()]).toEqual([['b', 'c']]);
  });

  it('give way to JSON where a code has more than 16 bits', () => {
    const writer = new FrameWriter();
    encodeRequestFrame(writer, { code: 200_050, opaque: 1, serializeType: 1 });
    encodeResponseFrame(writer, { code: -1000, opaque: 1, serializeType: 1 });
    expect(framesOf(writer.bytes()).map((frame) => [frame.serializeType, frame.code])).toEqual([
      [0, 200_050],
      [1, -1000],
    ]);
  });
});

describe('RemotingFrame.retain', () => {
  it('gives a frame that outlives the chunk', () => {
    const chunk = withHeader('{"code":1,"extFields":{"a":"1"},"opaque":4}', 0, 'body');
    const [frame] = framesOf(Buffer.from(chunk));
    const kept = frame!.retain();
    frame!.bytes.fill(0);
    expect([kept.code, kept.opaque, kept.extText('a'), kept.body.toString()]).toEqual([
      1,
      4,
      '1',
      'body',
    ]);
    expect(kept.headerBytes.toString()).toBe('{"code":1,"extFields":{"a":"1"},"opaque":4}');
    expect(kept.sizeBytes).toBe(chunk.length);
  });
});

describe('encodeResponseFrame', () => {
  it('announces a body that the caller sends by itself', () => {
    const writer = new FrameWriter({ initialBytes: 1 });
    encodeResponseFrame(writer, { code: 0, opaque: 1, detachedBodyBytes: 6 });
    const whole = Buffer.concat([writer.detach(), Buffer.from('record')]);
    expect(framesOf(whole)[0]!.body.toString()).toBe('record');
    expect(writer.length).toBe(0);
  });
});
