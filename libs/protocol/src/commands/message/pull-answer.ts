import { encodeResponseFrame, writeFramePrefix } from '../../frame/encode-frame.js';
import { FRAME_PREFIX_BYTES, SerializeType } from '../../frame/frame.js';
import type { FrameWriter } from '../../frame/frame-writer.js';
import { CURRENT_VERSION } from '../../peer-version.js';

/** The header of an answer to a pull; its records follow as they lie in memory. */
export interface PullAnswer {
  /** As the request's. */
  readonly serializeType: SerializeType;
  readonly opaque: number;
  /** SUCCESS, PULL_NOT_FOUND, PULL_RETRY_IMMEDIATELY or PULL_OFFSET_MOVED. */
  readonly code: number;
  /** Java's name of the store's status, e.g. `FOUND`. */
  readonly remark: string | undefined;
  readonly suggestWhichBrokerId: number;
  readonly nextBeginOffset: number;
  readonly minOffset: number;
  readonly maxOffset: number;
  readonly topicSysFlag: number;
  readonly groupSysFlag: number;
}

/**
 * Appends the header of a pull's answer, whose frame goes on with `bodyBytes` bytes of records that the caller sends
 * behind it.
 * Source: rocketmq 5.5.0 `DefaultPullMessageResultHandler#handle`.
 */
export function writePullAnswerHeader(
  writer: FrameWriter,
  answer: PullAnswer,
  bodyBytes: number,
): void {
  if (answer.serializeType === SerializeType.JSON) writeJson(writer, answer, bodyBytes);
  else writeAny(writer, answer, bodyBytes);
}

function writeJson(writer: FrameWriter, answer: PullAnswer, bodyBytes: number): void {
  const { nextBeginOffset, minOffset, maxOffset, topicSysFlag, groupSysFlag } = answer;
  const remark = answer.remark === undefined ? '' : `"remark":${JSON.stringify(answer.remark)},`;
  const start = writer.reserve(FRAME_PREFIX_BYTES);
  const headerBytes = writer.text(
    `{"code":${answer.code},"extFields":{"suggestWhichBrokerId":"${answer.suggestWhichBrokerId}",` +
      `"groupSysFlag":"${groupSysFlag}","nextBeginOffset":"${nextBeginOffset}",` +
      `"maxOffset":"${maxOffset}","minOffset":"${minOffset}","topicSysFlag":"${topicSysFlag}"},` +
      `"flag":1,"language":"JAVA","opaque":${answer.opaque},${remark}` +
      `"serializeTypeCurrentRPC":"JSON","version":${CURRENT_VERSION}}`,
  );
  writeFramePrefix(writer.slab, start, SerializeType.JSON, headerBytes, bodyBytes);
}

function writeAny(writer: FrameWriter, answer: PullAnswer, bodyBytes: number): void {
  const ext = new Map([
    ['suggestWhichBrokerId', String(answer.suggestWhichBrokerId)],
    ['groupSysFlag', String(answer.groupSysFlag)],
    ['nextBeginOffset', String(answer.nextBeginOffset)],
    ['maxOffset', String(answer.maxOffset)],
    ['minOffset', String(answer.minOffset)],
    ['topicSysFlag', String(answer.topicSysFlag)],
  ]);
  const { serializeType, code, opaque, remark } = answer;
  encodeResponseFrame(writer, {
    serializeType,
    code,
    opaque,
    remark,
    ext,
    detachedBodyBytes: bodyBytes,
  });
}
