import {
  type Command,
  type Message,
  type Received,
  type RemotingFrame,
  ResponseCode,
  type Sent,
  codec,
  encodeRequestFrame,
} from '@rocketmq-ts/protocol';
import type { RemotingConnection } from './connection.js';
import {
  ConnectionClosedError,
  RequestTimeoutError,
  ResponseError,
  TooManyInflightError,
} from './remoting-errors.js';

export interface CallOptions {
  /** From now until the answer is here. */
  readonly timeoutMs: number;
}

/**
 * Sends a request and returns the answer's frame, whatever its code: for commands whose other codes carry fields too.
 * @throws {TransportError} no answer came.
 */
export function exchange<Q extends Message, R extends Message>(
  connection: RemotingConnection,
  command: Command<Q, R>,
  message: Sent<Q>,
  { timeoutMs }: CallOptions,
): Promise<RemotingFrame> {
  return new Promise((resolve, reject) => {
    const address = connection.remoteHostPort;
    if (connection.closed) {
      reject(new ConnectionClosedError(address, 'before the request was sent'));
      return;
    }
    const { pendingCountMax } = connection.limits;
    if (connection.requests.size >= pendingCountMax) {
      reject(new TooManyInflightError(address, pendingCountMax));
      return;
    }
    // Encoded first: a message that cannot be written leaves nothing waiting.
    const { ext, body } = codec(command).encodeRequest(message);
    const opaque = connection.requests.add(
      {
        onAnswer: (frame) => resolve(frame.retain()),
        onTimeout: () => {
          connection.stats.requestTimeouts++;
          reject(new RequestTimeoutError(address, command.name, timeoutMs));
        },
        onClosed: (reason) => reject(new ConnectionClosedError(address, reason)),
      },
      timeoutMs,
    );
    connection.stats.requestsOut++;
    encodeRequestFrame(connection.beginAnswer(), { code: command.code, opaque, ext, body });
  });
}

/**
 * Sends a request and returns what a successful answer says.
 * @throws {ResponseError} an answer other than SUCCESS. @throws {TransportError} no usable answer.
 * @throws {ProtocolError} a successful answer that does not parse.
 */
export async function call<Q extends Message, R extends Message>(
  connection: RemotingConnection,
  command: Command<Q, R>,
  message: Sent<Q>,
  options: CallOptions,
): Promise<Received<R>> {
  const frame = await exchange(connection, command, message, options);
  if (frame.code !== ResponseCode.SUCCESS) throw responseError(command, frame);
  return codec(command).decodeResponse(frame.ext(), frame.body);
}

/** Sends a request that is not answered. Lost without a trace where the connection is closed. */
export function oneWay<Q extends Message, R extends Message>(
  connection: RemotingConnection,
  command: Command<Q, R>,
  message: Sent<Q>,
): void {
  if (connection.closed) return;
  const { ext, body } = codec(command).encodeRequest(message);
  connection.stats.requestsOut++;
  const opaque = connection.requests.unusedOpaque();
  encodeRequestFrame(connection.beginAnswer(), {
    code: command.code,
    opaque,
    ext,
    body,
    oneWay: true,
  });
}

/** What an answer other than SUCCESS becomes for the caller. */
export const responseError = (
  command: { readonly name: string },
  frame: RemotingFrame,
): ResponseError =>
  new ResponseError(frame.code, frame.remark ?? '', { command: command.name, ext: frame.ext() });
