import { describeError } from '@rocketmq-ts/kernel';
import { type ExtFields, ProtocolError, ResponseCode } from '@rocketmq-ts/protocol';
import { ResponseError } from './remoting-errors.js';

/** What a failed request is answered with. */
export interface ErrorResponse {
  readonly code: number;
  readonly remark: string;
  readonly ext: ExtFields | undefined;
  /** Nobody foresaw this error: it is logged and counted. */
  readonly unexpected: boolean;
}

/** A remark that quotes an error may carry a peer's text: it is cut, as a header has a limit. */
const REMARK_LENGTH_MAX = 1024;

/**
 * The only map from an error to an answer.
 *
 * Fields and bodies that do not parse are answered SYSTEM_ERROR, as Apache does with whatever its decoding throws, with
 * a remark that names the field.
 */
export function errorResponse(error: unknown): ErrorResponse {
  if (error instanceof ResponseError) {
    return {
      code: error.responseCode,
      remark: error.remark,
      ext: error.ext,
      unexpected: false,
    };
  }
  return {
    code: ResponseCode.SYSTEM_ERROR,
    remark: describeError(error).slice(0, REMARK_LENGTH_MAX),
    ext: undefined,
    unexpected: !(error instanceof ProtocolError),
  };
}

/** Whether the error means that the peer's byte stream cannot be followed any further. */
export const breaksStream = (error: unknown): boolean =>
  error instanceof ProtocolError && error.closesConnection;
