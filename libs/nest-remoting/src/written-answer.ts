import type { ExtFields } from '@rocketmq-ts/protocol';

/**
 * A successful answer that its handler has written by itself, instead of leaving that to the command's codec: a body that
 * is too long to be written in one turn of the event loop, bytes that are passed on, or a remark.
 */
export class WrittenAnswer {
  /** For people, where a successful answer has something to say. */
  readonly remark: string | undefined;
  readonly ext: ExtFields | undefined;
  /** The body, in order; it must not change any more. */
  readonly pieces: readonly Uint8Array[];

  constructor(
    answer: {
      readonly remark?: string | undefined;
      readonly ext?: ExtFields | undefined;
      readonly pieces?: readonly Uint8Array[];
    } = {},
  ) {
    this.remark = answer.remark;
    this.ext = answer.ext;
    this.pieces = answer.pieces ?? [];
  }
}
