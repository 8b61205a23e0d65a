import { describe, expect, it } from '@jest/globals';
import {
  FrameDecoder,
  FrameFlag,
  type RemotingFrame,
  codec,
  commandOf,
  fieldsOf,
  languageCodeOf,
} from '../src/index.js';
import type { AnyCommand } from '../src/index.js';
import { type GoldenFrame, encodeGoldenFrame } from './from-golden.js';
import { goldenFiles } from './golden-files.js';

const LONG_MAX = '9223372036854775807';

const golden = goldenFiles<GoldenFrame>('frame');

function decodeOne(bytes: Buffer): RemotingFrame {
  const frames: RemotingFrame[] = [];
  new FrameDecoder().push(bytes, (frame) => frames.push(frame.retain()));
  expect(frames).toHaveLength(1);
  return frames[0]!;
}

/** The command a golden frame belongs to: by code, or by the file name for answers. */
function commandFor(file: string, value: GoldenFrame): AnyCommand | undefined {
  if ((value.flag & FrameFlag.RESPONSE) === 0) return commandOf(value.code);
  const name = file.split('.')[1]!.replaceAll('-', '_').toUpperCase();
  const request = golden.find(
    (entry) => entry.value.flag === 0 && entry.file.split('.')[1] === file.split('.')[1],
  );
  const command = request && commandOf(request.value.code);
  return command?.name === name ? command : undefined;
}

describe('frames written by Apache 5.5.0', () => {
  for (const { file, bytes, value } of golden) {
    it(`${file}: is read as what Java wrote`, () => {
      const frame = decodeOne(bytes);
      expect(frame).toMatchObject({
        serializeType: value.serializeType === 'JSON' ? 0 : 1,
        code: value.code,
        languageCode: languageCodeOf(value.language),
        version: value.version,
        opaque: value.opaque,
        flag: value.flag,
        isResponse: value.flag === FrameFlag.RESPONSE,
        isOneWay: value.flag === FrameFlag.ONE_WAY,
      });
      // An empty remark travels in JSON, yet nobody tells it from none: the binary form cannot.
      expect(frame.remark ?? '').toBe(value.remark ?? '');
      expect(frame.body.toString('hex')).toBe(value.bodyHex ?? '');
      const sent = (value.extFields ?? []).filter(
        ([, text]) => value.serializeType === 'JSON' || text !== '',
      );
      expect(Object.fromEntries(frame.ext())).toEqual(Object.fromEntries(sent));
    });

    it(`${file}: is written so that Java's bytes and ours are equal`, () => {
      const ext = decodeOne(bytes).ext();
      // Java's binary form keeps the order of its own map: the fields are the same, in that order.
      // Empty values are lost on reading, so there Java's list is taken instead of ours.
      const listed = value.extFields?.some(([, text]) => text === '') ? value.extFields : [...ext];
      const extFields = ext.size > 0 || bytes.includes('extFields') ? listed : null;
      const remark =
        value.serializeType === 'ROCKETMQ' && value.remark === '' ? null : value.remark;
      expect(encodeGoldenFrame({ ...value, extFields, remark }).toString('latin1')).toBe(
        bytes.toString('latin1'),
      );
    });

    const command = commandFor(file, value);
    if (
      command === undefined ||
      value.header === undefined ||
      file.includes('response-not-found')
    ) {
      continue;
    }
    it(`${file}: its header is read and written through ${command.name}`, () => {
      const frame = decodeOne(bytes);
      const response = (value.flag & FrameFlag.RESPONSE) !== 0;
      const message = response ? command.response : command.request;
      const { decodeRequest, encodeRequest, decodeResponse, encodeResponse } = codec(command);
      const received = response
        ? decodeResponse(frame.ext(), frame.body)
        : decodeRequest(frame.ext(), frame.body);
      const header = received.header as Record<string, unknown>;
      for (const { name, wireName } of fieldsOf(message)) {
        const theirs = value.header![wireName];
        if (theirs === undefined || theirs === null) continue;
        if (theirs === '' && value.serializeType === 'ROCKETMQ') continue;
        // Java's end of time is beyond a safe integer.
        const expected = theirs === LONG_MAX ? Number.MAX_SAFE_INTEGER : theirs;
        expect([name, header[name]]).toEqual([name, expected]);
      }
      const sent = response ? encodeResponse(received) : encodeRequest(received);
      for (const [name, text] of frame.ext()) {
        const saturated = text === LONG_MAX ? String(Number.MAX_SAFE_INTEGER) : text;
        expect([name, sent.ext.get(name)]).toEqual([name, saturated]);
      }
    });
  }
});
