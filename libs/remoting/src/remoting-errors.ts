import { RocketMQError } from '@rocketmq-ts/kernel';
import {
  type ExtFields,
  notSupported,
  ResponseCode,
  responseCodeName,
} from '@rocketmq-ts/protocol';

/** No usable answer came. Whether the request was carried out is unknown unless the class says so. */
export abstract class TransportError extends RocketMQError {
  override readonly retriable = true;
}

/** The connection could not be opened: the request was not carried out. */
export class ConnectFailedError extends TransportError {
  override readonly code = 'ROCKETMQ_CONNECT_FAILED';

  constructor(
    readonly address: string,
    cause: unknown,
  ) {
    super(
      `no connection to ${address}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
}

/** The connection went while the answer was awaited, or was closed before the request left. */
export class ConnectionClosedError extends TransportError {
  override readonly code = 'ROCKETMQ_CONNECTION_CLOSED';

  constructor(
    readonly address: string,
    reason: string,
  ) {
    super(`connection to ${address} is closed: ${reason}`);
  }
}

/** No answer in time. */
export class RequestTimeoutError extends TransportError {
  override readonly code = 'ROCKETMQ_REQUEST_TIMEOUT';

  constructor(
    readonly address: string,
    readonly command: string,
    readonly timeoutMs: number,
  ) {
    super(`${address} did not answer ${command} within ${timeoutMs} ms`);
  }
}

/** Too many requests wait for this peer already: this one was not sent. */
export class TooManyInflightError extends TransportError {
  override readonly code = 'ROCKETMQ_TOO_MANY_INFLIGHT';

  constructor(
    readonly address: string,
    readonly countMax: number,
  ) {
    super(`${countMax} requests wait for ${address} already`);
  }
}

/** Answers after which the same request may succeed here or elsewhere. */
const RETRIABLE_CODES: ReadonlySet<number> = new Set([
  ResponseCode.SYSTEM_BUSY,
  ResponseCode.SERVICE_NOT_AVAILABLE,
  ResponseCode.FLOW_CONTROL,
  ResponseCode.GO_AWAY,
]);

/**
 * An answer other than SUCCESS. A handler throws it to answer it; a caller gets it thrown on receiving it: one class,
 * both sides.
 */
export class ResponseError extends RocketMQError {
  override readonly code = 'ROCKETMQ_RESPONSE';
  override readonly retriable: boolean;
  /** Header fields that go with the answer, by their names on the wire. */
  readonly ext: ExtFields | undefined;
  /** Name of the command that was answered so; known to callers. */
  readonly command: string | undefined;

  /**
   * @param responseCode one of `ResponseCode`; a peer may answer others.
   * @param remark the text that travels with the code, for people.
   */
  constructor(
    readonly responseCode: number,
    readonly remark: string,
    details: { readonly command?: string; readonly ext?: ExtFields } = {},
  ) {
    super(`${responseCodeName(responseCode)} (${responseCode}): ${remark}`);
    this.retriable = RETRIABLE_CODES.has(responseCode);
    this.ext = details.ext;
    this.command = details.command;
  }
}

const reasons = new Map(Object.values(notSupported).map(({ code, reason }) => [code, reason]));

/**
 * A command without a handler; the remark is the one that Apache's servers give, with our reason where there is one.
 * Source: `NettyRemotingAbstract`.
 */
export class RequestCodeNotSupportedError extends ResponseError {
  constructor(readonly requestCode: number) {
    const reason = reasons.get(requestCode);
    super(
      ResponseCode.REQUEST_CODE_NOT_SUPPORTED,
      ` request type ${requestCode} not supported${reason === undefined ? '' : `: ${reason}`}`,
    );
  }
}

/** Two handlers want the same request code. A mistake in our program: the start stops. */
export class DuplicateHandlerError extends RocketMQError {
  override readonly code = 'ROCKETMQ_DUPLICATE_HANDLER';

  constructor(readonly requestCode: number) {
    super(`request code ${requestCode} has a handler already`);
  }
}
