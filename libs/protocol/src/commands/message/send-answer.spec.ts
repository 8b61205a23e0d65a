import { describe, expect, it } from '@jest/globals';
import { codec } from '../../define-command.js';
import { FrameDecoder } from '../../frame/frame-decoder.js';
import { FrameWriter } from '../../frame/frame-writer.js';
import type { RemotingFrame } from '../../frame/frame.js';
import { offsetMsgId } from '../../message/message-id.js';
import { ResponseCode } from '../../response-code.js';
import { writePullAnswerHeader } from './pull-answer.js';
import { PullMessage } from './pull-message.command.js';
import { SendAnswerTemplate, writeSendAnswer } from './send-answer.js';
import type { SendAnswer } from './send-answer.js';
import { SendMessage } from './send-message.command.js';

function framesOf(bytes: Buffer): RemotingFrame[] {
  const frames: RemotingFrame[] = [];
  new FrameDecoder().push(bytes, (frame) => frames.push(frame.retain()));
  return frames;
}

const template = new SendAnswerTemplate({
  hostPart: '0A00000100002A9F',
  regionId: 'Region "1"',
  traceOn: true,
});

const usual: SendAnswer = {
  serializeType: 0,
  opaque: 2_147_483_647,
  code: 0,
  remark: undefined,
  queueId: 3,
  queueOffset: Number.MAX_SAFE_INTEGER,
  commitLogOffset: 8000,
  batch: undefined,
  transactionId: '0A000001A3B418B4AAC2000102030004',
  recallHandle: undefined,
};

describe('writeSendAnswer', () => {
  const cases: readonly (readonly [string, SendAnswer])[] = [
    ['the usual answer', usual],
    ['a negative opaque', { ...usual, opaque: -2_147_483_648 }],
    ['no unique key', { ...usual, transactionId: undefined }],
    ['a timed message', { ...usual, recallHandle: 'djEgdCBiIDEgaw==' }],
    ['a timed message, in binary', { ...usual, recallHandle: 'djEgdCBi', serializeType: 1 }],
    ['a unique key that JSON escapes', { ...usual, transactionId: 'key "1" é' }],
    ['an answer in binary', { ...usual, serializeType: 1 }],
    [
      'a stored message whose flush took too long',
      { ...usual, code: 10, remark: 'flush disk timeout' },
    ],
    ['a remark', { ...usual, remark: 'said' }],
  ];
  for (const [what, answer] of cases) {
    it(`says where the message went: ${what}`, () => {
      const writer = new FrameWriter({ initialBytes: 1 });
      writeSendAnswer(writer, template, answer);
      writeSendAnswer(writer, template, { ...answer, queueOffset: 1 });
      const [frame, second] = framesOf(writer.bytes());
      expect(frame).toMatchObject({
        serializeType: answer.serializeType,
        code: answer.code,
        opaque: answer.opaque,
        isResponse: true,
        languageCode: 0,
        version: 513,
        remark: answer.remark,
      });
      const { header } = codec(SendMessage).decodeResponse(frame!.ext(), frame!.body);
      expect(header).toEqual({
        msgId: '0A00000100002A9F0000000000001F40',
        queueId: 3,
        queueOffset: Number.MAX_SAFE_INTEGER,
        transactionId: answer.transactionId,
        batchUniqId: undefined,
        recallHandle: answer.recallHandle,
        regionId: 'Region "1"',
        traceOn: true,
      });
      expect(second!.extText('queueOffset')).toBe('1');
    });
  }

  for (const serializeType of [0, 1] as const) {
    it(`tells the id of each message of a batch (serialize type ${serializeType})`, () => {
      const offsets = [8000, 8100, 2 ** 40 + 1];
      for (let count = 1; count <= offsets.length; count++) {
        const batch = offsets.slice(0, count).map((commitLogOffset) => ({ commitLogOffset }));
        const writer = new FrameWriter({ initialBytes: 1 });
        writeSendAnswer(writer, template, { ...usual, serializeType, batch });
        const [frame] = framesOf(writer.bytes());
        expect(frame!.extText('msgId')).toBe(
          ['1F40', '1FA4', '10000000001']
            .slice(0, count)
            .map((hex) => `0A00000100002A9F${hex.padStart(16, '0')}`)
            .join(','),
        );
        expect(frame!.extText('queueOffset')).toBe(String(Number.MAX_SAFE_INTEGER));
        expect(frame!.extText('transactionId')).toBe(usual.transactionId);
      }
    });
  }

  it.each(['C0A8C80100002A9F', 'FE80'.repeat(8) + '00002A9F'])(
    'tells the same ids as single sends are told, for host %s',
    (hostPart) => {
      const options = { ...template.options, hostPart };
      const offsets = [0, 8000, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER];
      for (const count of [1, 2, 5, 300, 3]) {
        const batch = Array.from({ length: count }, (_, i) => ({
          commitLogOffset: offsets[i % offsets.length]!,
        }));
        const { commitLogOffset } = batch[0]!;
        const writer = new FrameWriter({ initialBytes: 1 });
        const answer = { ...usual, commitLogOffset, batch };
        writeSendAnswer(writer, new SendAnswerTemplate(options), answer);
        const ids = batch.map((message) => offsetMsgId(hostPart, message.commitLogOffset));
        expect(framesOf(writer.bytes())[0]!.extText('msgId')).toBe(ids.join(','));
      }
    },
  );

  it('fits the room it asked for, whatever the numbers', () => {
    const writer = new FrameWriter({ initialBytes: 1 });
    for (const n of [0, -1, 5, 2_147_483_647, -2_147_483_648]) {
      writeSendAnswer(writer, template, { ...usual, opaque: n, queueId: n });
      expect(writer.length).toBeLessThanOrEqual(writer.slab.length);
    }
    expect(framesOf(writer.bytes()).map((frame) => frame.extText('queueId'))).toEqual([
      ...['0', '-1', '5', '2147483647', '-2147483648'],
    ]);
  });
});

describe('writePullAnswerHeader', () => {
  for (const serializeType of [0, 1] as const) {
    it(`carries the offsets and leaves room for the records (serialize type ${serializeType})`, () => {
      const writer = new FrameWriter({ initialBytes: 1 });
      writePullAnswerHeader(
        writer,
        {
          ...{ serializeType, opaque: 5, code: ResponseCode.SUCCESS, remark: 'FOUND' },
          ...{ suggestWhichBrokerId: 0, nextBeginOffset: 43, minOffset: 1, maxOffset: 50 },
          ...{ topicSysFlag: 0, groupSysFlag: 2 },
        },
        7,
      );
      const [frame] = framesOf(Buffer.concat([writer.bytes(), Buffer.from('records')]));
      expect(frame).toMatchObject({
        serializeType,
        code: 0,
        opaque: 5,
        isResponse: true,
        remark: 'FOUND',
      });
      const { header, body } = codec(PullMessage).decodeResponse(frame!.ext(), frame!.body);
      expect(header).toMatchObject({
        ...{ suggestWhichBrokerId: 0, nextBeginOffset: 43, minOffset: 1, maxOffset: 50 },
        ...{ topicSysFlag: 0, groupSysFlag: 2, offsetDelta: undefined },
      });
      expect(body.toString()).toBe('records');
    });
  }
});
