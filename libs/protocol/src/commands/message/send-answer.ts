import { encodeResponseFrame } from '../../frame/encode-frame.js';
import { BytePattern } from '../../frame/byte-pattern.js';
import { FRAME_PREFIX_BYTES, SerializeType } from '../../frame/frame.js';
import type { FrameWriter } from '../../frame/frame-writer.js';
import { offsetMsgId } from '../../message/message-id.js';
import { CURRENT_VERSION } from '../../peer-version.js';
import { ResponseCode } from '../../response-code.js';
import { writeAscii, writeDigits, writeHex16 } from '../../frame/ascii.js';
import { MSG_REGION_FIELD, TRACE_ON_FIELD } from './send-fields.js';

/** What the answer to a send says; an object that outlives the request can serve as it. */
export interface SendAnswer {
  /** As the request's. */
  readonly serializeType: SerializeType;
  readonly opaque: number;
  /** SUCCESS, or 10, 11, 12 for a message that is stored less safely than asked for. */
  readonly code: number;
  readonly remark: string | undefined;
  readonly queueId: number;
  readonly queueOffset: number;
  /** Where the message starts; its id follows from it. */
  readonly commitLogOffset: number;
  /** The messages of a batch, at least one, with that one first; undefined: it is no batch. */
  readonly batch: readonly { readonly commitLogOffset: number }[] | undefined;
  /** Unique key of the message. */
  readonly transactionId: string | undefined;
  /** What the producer of a timed message needs to call it back. */
  readonly recallHandle: string | undefined;
}

/** What all answers of a broker have in common. */
export interface SendAnswerOptions {
  /** `hostHex` of the advertised address. */
  readonly hostPart: string;
  readonly regionId: string;
  readonly traceOn: boolean;
}

/** The pieces of a JSON answer between its values, made once per broker. */
export class SendAnswerTemplate {
  readonly head: BytePattern;
  readonly beforeTransactionId: BytePattern;
  readonly beforeRecallHandle: BytePattern;
  readonly beforeMsgId: BytePattern;
  readonly beforeFurtherMsgId: BytePattern;
  readonly afterMsgId: BytePattern;
  readonly beforeOpaque: BytePattern;
  readonly tail: BytePattern;
  /** Most bytes of an answer to one message without its transaction id and recall handle. */
  readonly bytesMax: number;

  constructor(readonly options: SendAnswerOptions) {
    const region = JSON.stringify(options.regionId);
    this.head = piece('{"code":0,"extFields":{"queueId":"');
    this.beforeTransactionId = piece('","transactionId":"');
    this.beforeRecallHandle = piece('","recallHandle":"');
    this.beforeMsgId = piece(`","msgId":"${options.hostPart}`);
    this.beforeFurtherMsgId = piece(`,${options.hostPart}`);
    this.afterMsgId = piece(
      `","${TRACE_ON_FIELD}":"${options.traceOn}","${MSG_REGION_FIELD}":${region},"queueOffset":"`,
    );
    this.beforeOpaque = piece('"},"flag":1,"language":"JAVA","opaque":');
    this.tail = piece(`,"serializeTypeCurrentRPC":"JSON","version":${CURRENT_VERSION}}`);
    const optional = [this.beforeTransactionId, this.beforeRecallHandle];
    const always = [this.head, this.beforeMsgId, this.afterMsgId, this.beforeOpaque, this.tail];
    const fixed = [...optional, ...always];
    this.bytesMax =
      FRAME_PREFIX_BYTES + fixed.reduce((sum, bytes) => sum + bytes.length, 0) + NUMBERS_BYTES_MAX;
  }
}

const piece = (text: string): BytePattern => new BytePattern(Buffer.from(text, 'utf8'));

/** Of a message's id: its offset in hex. */
const ID_OFFSET_DIGITS = 16;
/** queueId 11, queueOffset 17, opaque 11, the id's digits. */
const NUMBERS_BYTES_MAX = 39 + ID_OFFSET_DIGITS;

/**
 * Appends the answer to a send. The usual one – stored, JSON – is put together from prepared pieces; others go the
 * general way and carry the same fields.
 * Source: rocketmq 5.5.0 `SendMessageProcessor#handlePutMessageResult`.
 */
export function writeSendAnswer(
  writer: FrameWriter,
  template: SendAnswerTemplate,
  answer: SendAnswer,
): void {
  const usual =
    answer.code === ResponseCode.SUCCESS &&
    answer.serializeType === SerializeType.JSON &&
    answer.remark === undefined;
  if (!usual || !writeUsual(writer, template, answer)) writeAny(writer, template, answer);
}

function writeUsual(
  writer: FrameWriter,
  template: SendAnswerTemplate,
  answer: SendAnswer,
): boolean {
  const { transactionId, recallHandle, batch } = answer;
  const start = writer.length;
  const furtherCount = batch === undefined ? 0 : batch.length - 1;
  writer.ensure(
    template.bytesMax +
      lengthOf(transactionId) +
      lengthOf(recallHandle) +
      furtherCount * (template.beforeFurtherMsgId.length + ID_OFFSET_DIGITS),
  );
  const { slab, view } = writer;
  let at = template.head.write(view, start + FRAME_PREFIX_BYTES);
  at = writeDigits(slab, at, answer.queueId);
  if (transactionId !== undefined) {
    at = template.beforeTransactionId.write(view, at);
    at = writeAscii(slab, at, transactionId);
    // Text that JSON would have to escape: nothing was taken of the writer yet.
    if (at < 0) return false;
  }
  if (recallHandle !== undefined) {
    at = template.beforeRecallHandle.write(view, at);
    at = writeAscii(slab, at, recallHandle);
    if (at < 0) return false;
  }
  at = template.beforeMsgId.write(view, at);
  at = writeHex16(slab, at, answer.commitLogOffset);
  for (let i = 1; i <= furtherCount; i++) {
    at = template.beforeFurtherMsgId.write(view, at);
    at = writeHex16(slab, at, batch![i]!.commitLogOffset);
  }
  at = template.afterMsgId.write(view, at);
  at = writeDigits(slab, at, answer.queueOffset);
  at = template.beforeOpaque.write(view, at);
  at = writeDigits(slab, at, answer.opaque);
  at = template.tail.write(view, at);
  const headerBytes = at - start - FRAME_PREFIX_BYTES;
  // The serialize type JSON is 0: the word is the header's length alone.
  view.setInt32(start, 4 + headerBytes);
  view.setInt32(start + 4, headerBytes);
  writer.length = at;
  return true;
}

const lengthOf = (text: string | undefined): number => (text === undefined ? 0 : text.length);

function writeAny(writer: FrameWriter, template: SendAnswerTemplate, answer: SendAnswer): void {
  const { hostPart, regionId, traceOn } = template.options;
  const { serializeType, code, opaque, remark, batch } = answer;
  const ext = new Map<string, string>();
  ext.set('queueId', String(answer.queueId));
  if (answer.transactionId !== undefined) ext.set('transactionId', answer.transactionId);
  if (answer.recallHandle !== undefined) ext.set('recallHandle', answer.recallHandle);
  const messages = batch ?? [answer];
  const ids = messages.map(({ commitLogOffset }) => offsetMsgId(hostPart, commitLogOffset));
  ext.set('msgId', ids.join(','));
  ext.set(TRACE_ON_FIELD, String(traceOn));
  ext.set(MSG_REGION_FIELD, regionId);
  ext.set('queueOffset', String(answer.queueOffset));
  encodeResponseFrame(writer, { serializeType, code, opaque, remark, ext });
}
