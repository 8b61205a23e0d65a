import { RocketMQError } from '@rocketmq-ts/kernel';

/** Bytes of a peer do not parse. Nothing was changed by them. */
export abstract class ProtocolError extends RocketMQError {
  /** true: the stream cannot be followed any further, close it. false: one request is wrong, answer it. */
  abstract readonly closesConnection: boolean;
}

/** The frame itself is broken: lengths that contradict each other, an unknown serializer, a header that is no object. */
export class MalformedFrameError extends ProtocolError {
  override readonly code = 'ROCKETMQ_MALFORMED_FRAME';
  override readonly closesConnection = true;

  constructor(reason: string, options?: ErrorOptions) {
    super(`malformed frame: ${reason}`, options);
  }
}

/** A peer announced a frame or header larger than this process takes. */
export class FrameTooLargeError extends ProtocolError {
  override readonly code = 'ROCKETMQ_FRAME_TOO_LARGE';
  override readonly closesConnection = true;

  constructor(
    readonly part: 'frame' | 'header',
    readonly announcedBytes: number,
    readonly limitBytes: number,
  ) {
    super(`${part} of ${announcedBytes} bytes announced, at most ${limitBytes} are taken`);
  }
}

/** One header field is missing or has a value that its type or range excludes. */
export class MalformedHeaderError extends ProtocolError {
  override readonly code = 'ROCKETMQ_MALFORMED_HEADER';
  override readonly closesConnection = false;

  constructor(
    /** Name of the field as the sender wrote it, with ours in brackets where that is one letter. */
    readonly field: string,
    reason: string,
  ) {
    super(`header field ${field} ${reason}`);
  }
}

/** A body does not parse as what its command declares. */
export class MalformedBodyError extends ProtocolError {
  override readonly code = 'ROCKETMQ_MALFORMED_BODY';
  override readonly closesConnection = false;

  constructor(
    /** Where in the body, e.g. `consumerDataSet[3].groupName`; empty for the body as a whole. */
    readonly path: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(path === '' ? `body ${reason}` : `body field ${path} ${reason}`, options);
  }
}

/** Text of a peer, cut to what a log line or remark should carry. */
export function excerpt(text: string, lengthMax = 40): string {
  const shown = text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text;
  return JSON.stringify(shown);
}
