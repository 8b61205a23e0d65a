import type { ExtFields } from '../schema/header.codec.js';
import { parseBinaryExt } from './binary-header.codec.js';
import { parseJsonExt } from './json-header.codec.js';
import { JsonHeaderLayout } from './json-header.layout.js';

/** How a frame's header is written; the byte at position 4 of a frame. */
export const SerializeType = { JSON: 0, ROCKETMQ: 1 } as const;
export type SerializeType = (typeof SerializeType)[keyof typeof SerializeType];

/** Bits of `flag`. Source: rocketmq 5.5.0 `RemotingCommand#RPC_TYPE`, `#RPC_ONEWAY`. */
export const FrameFlag = { RESPONSE: 1, ONE_WAY: 2 } as const;

/** Bytes in front of a frame's header: total length, serialize type, header length. */
export const FRAME_PREFIX_BYTES = 8;

const NO_BYTES: Buffer = Buffer.alloc(0);

/**
 * One frame as it lies in the bytes that came in. Nothing is copied: the object is reused for the next frame, and its
 * bytes with it, so it is valid during the handler's call alone; `retain()` gives one that lives on.
 *
 * What a router needs is parsed; `ext()`, `body` and `headerBytes` are made when first asked for.
 */
export class RemotingFrame {
  serializeType: SerializeType = SerializeType.JSON;
  /** Request code, or response code where `isResponse`. */
  code = 0;
  /** The sender's number of the request; an answer repeats it. */
  opaque = 0;
  flag = 0;
  /** Release of the sender, see `PeerVersion`. */
  version = 0;
  /** Language of the sender, see `LanguageCode`. */
  languageCode = 0;
  remark: string | undefined = undefined;

  /** The bytes that hold the frame, and positions in them. For readers that must not make a slice per message. */
  bytes: Buffer = NO_BYTES;
  /** Where the four bytes of the total length start. */
  start = 0;
  headerStart = 0;
  headerEnd = 0;
  /** Body, up to `end`, which is also the end of the frame. */
  bodyStart = 0;
  end = 0;
  /** Where the ext fields lie: JSON from `{` to behind `}`, binary without their length; equal when there are none. */
  extStart = 0;
  extEnd = 0;
  /** Most ext fields that are taken. */
  extCountMax = 0;

  private parsedExt: ExtFields | undefined = undefined;
  private bodySlice: Buffer | undefined = undefined;

  /** `layout` is for the JSON codec: how the headers of this connection look. */
  constructor(readonly layout: JsonHeaderLayout = new JsonHeaderLayout()) {}

  get isResponse(): boolean {
    return (this.flag & FrameFlag.RESPONSE) !== 0;
  }

  /** The sender does not want an answer. */
  get isOneWay(): boolean {
    return (this.flag & FrameFlag.ONE_WAY) !== 0;
  }

  /** Length of the whole frame with its prefix. */
  get sizeBytes(): number {
    return this.end - this.start;
  }

  get bodySizeBytes(): number {
    return this.end - this.bodyStart;
  }

  get headerBytes(): Buffer {
    return this.bytes.subarray(this.headerStart, this.headerEnd);
  }

  /** Length 0 where there is none. */
  get body(): Buffer {
    return (this.bodySlice ??=
      this.bodyStart === this.end ? NO_BYTES : this.bytes.subarray(this.bodyStart, this.end));
  }

  /**
   * The custom header fields; empty where there are none.
   * @throws {MalformedFrameError} they do not parse: the connection must be closed.
   */
  ext(): ExtFields {
    return (this.parsedExt ??= this.parseExt());
  }

  extText(name: string): string | undefined {
    return this.ext().get(name);
  }

  /** A copy of the frame with its own bytes. */
  retain(): RemotingFrame {
    const copy = new RemotingFrame(this.layout);
    const { start } = this;
    copy.bytes = Buffer.from(this.bytes.subarray(start, this.end));
    copy.headerStart = this.headerStart - start;
    copy.headerEnd = this.headerEnd - start;
    copy.bodyStart = this.bodyStart - start;
    copy.end = this.end - start;
    copy.extStart = this.extStart - start;
    copy.extEnd = this.extEnd - start;
    copy.extCountMax = this.extCountMax;
    copy.serializeType = this.serializeType;
    copy.code = this.code;
    copy.opaque = this.opaque;
    copy.flag = this.flag;
    copy.version = this.version;
    copy.languageCode = this.languageCode;
    copy.remark = this.remark;
    copy.parsedExt = this.parsedExt;
    return copy;
  }

  /** For the decoder: points the frame at new bytes and forgets what was made from the old ones. */
  reset(bytes: Buffer, start: number, headerSizeBytes: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.headerStart = start + FRAME_PREFIX_BYTES;
    this.headerEnd = this.headerStart + headerSizeBytes;
    this.bodyStart = this.headerEnd;
    this.end = end;
    this.extStart = 0;
    this.extEnd = 0;
    this.code = 0;
    this.opaque = 0;
    this.flag = 0;
    this.version = 0;
    this.languageCode = 0;
    this.remark = undefined;
    this.parsedExt = undefined;
    this.bodySlice = undefined;
  }

  /** For the header codecs: the ext fields are known already. */
  setExt(ext: ExtFields): void {
    this.parsedExt = ext;
  }

  private parseExt(): ExtFields {
    if (this.extStart === this.extEnd) return new Map();
    return this.serializeType === SerializeType.JSON ? parseJsonExt(this) : parseBinaryExt(this);
  }
}
