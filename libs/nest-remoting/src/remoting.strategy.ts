import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { InvariantError } from '@rocketmq-ts/kernel';
import { type AnyCommand, type RemotingFrame, ResponseCode, codec } from '@rocketmq-ts/protocol';
import {
  type FailedRequest,
  type RemotingServer,
  ResponseError,
  type ServerConnection,
} from '@rocketmq-ts/remoting';
import { isObservable, lastValueFrom } from 'rxjs';
import { REMOTING_TRANSPORT, type RequestContext } from './handles.decorator.js';
import { WrittenAnswer } from './written-answer.js';

export interface RemotingStrategyOptions {
  /** How long `close()` waits for requests in work. */
  readonly drainTimeoutMs: number;
  /** Stop the process when a handler answers a code that its command does not declare. For tests. */
  readonly verifyFailures?: boolean;
  /** Told how each request of a controller ended. */
  readonly watch?: RequestWatch;
}

/** Measures requests. */
export interface RequestWatch {
  nowMs(): number;
  /** @param sinceMs what `nowMs` said when the request came */
  answered(requestCode: number, responseCode: number, sinceMs: number): void;
}

/** The error that Nest makes of every other when `RemotingExceptionFilter` is missing. */
class FilterMissingError extends Error {
  override readonly name = 'FilterMissingError';

  constructor(what: unknown) {
    super(`RemotingExceptionFilter is not installed; Nest reported ${JSON.stringify(what)}`);
  }
}

/** A request whose handler is at work: what its answer needs of the frame, which is gone by then. */
class RequestInWork implements FailedRequest {
  readonly code: number;
  readonly opaque: number;
  readonly serializeType: 0 | 1;
  readonly isOneWay: boolean;
  readonly sizeBytes: number;

  constructor(frame: RemotingFrame) {
    this.code = frame.code;
    this.opaque = frame.opaque;
    this.serializeType = frame.serializeType;
    this.isOneWay = frame.isOneWay;
    this.sizeBytes = frame.sizeBytes;
  }
}

/**
 * Lets Nest controllers answer remoting commands. It owns no sockets; `RemotingServer` does, and finds the handler by
 * number. Commands that are too frequent for Nest's pipeline are routed on the same server directly.
 */
export class RemotingStrategy extends Server implements CustomTransportStrategy {
  override transportId = REMOTING_TRANSPORT;

  constructor(
    private readonly server: RemotingServer,
    private readonly options: RemotingStrategyOptions,
  ) {
    super();
  }

  /**
   * Called by Nest for each handler. Nest alone would let a second one replace the first.
   * @throws {DuplicateHandlerError} @throws {TypeError} the handler was not bound with `@Handles`.
   */
  override addHandler(
    pattern: unknown,
    handler: MessageHandler,
    isEventHandler = false,
    extras: Record<string, unknown> = {},
  ): void {
    const command = extras['command'] as AnyCommand | undefined;
    if (!command || isEventHandler) {
      throw new TypeError(`the handler of ${String(pattern)} is not bound with @Handles`);
    }
    super.addHandler(pattern, handler, isEventHandler, extras);
    this.server.route(command.code, (frame, connection) => {
      // Throws before anything is begun: the router answers it.
      const { header, body } = codec(command).decodeRequest(frame.ext(), frame.body) as {
        header: unknown;
        body: unknown;
      };
      const request: RequestContext & { header: unknown; body: unknown } = {
        header,
        // Nest calls handlers asynchronously, when the receive buffer is used again; only raw bytes point into it.
        body: body instanceof Uint8Array ? Buffer.from(body) : body,
        connection,
        version: frame.version,
        languageCode: frame.languageCode,
        oneWay: frame.isOneWay,
      };
      this.work(command, handler, request, new RequestInWork(frame), connection);
    });
  }

  listen(ready: (error?: unknown) => void): void {
    this.server.listen().then(() => ready(), ready);
  }

  /** Stops accepting, answers what is in work, closes. Storage is flushed after this (`onApplicationShutdown`). */
  async close(): Promise<void> {
    await this.server.drain(this.options.drainTimeoutMs);
  }

  on(): never {
    throw new Error('connections report to RemotingServer.onConnectionClosed');
  }

  unwrap<T>(): T {
    // Nest's signature: the caller names the type that it expects of this strategy.
    return this.server as T;
  }

  private work(
    command: AnyCommand,
    handler: MessageHandler,
    request: unknown,
    inWork: RequestInWork,
    connection: ServerConnection,
  ): void {
    const { watch } = this.options;
    const sinceMs = watch?.nowMs() ?? 0;
    connection.begin(inWork.sizeBytes);
    settled(handler(request)).then(
      (answer) => {
        this.answer(command, inWork, connection, answer);
        connection.end(inWork.sizeBytes);
        watch?.answered(command.code, ResponseCode.SUCCESS, sinceMs);
      },
      (error: unknown) => {
        this.fail(command, inWork, connection, error);
        connection.end(inWork.sizeBytes);
        const code = error instanceof ResponseError ? error.responseCode : undefined;
        watch?.answered(command.code, code ?? ResponseCode.SYSTEM_ERROR, sinceMs);
      },
    );
  }

  private answer(
    command: AnyCommand,
    inWork: RequestInWork,
    connection: ServerConnection,
    answer: unknown,
  ): void {
    if (inWork.isOneWay || connection.closed) return;
    try {
      if (answer instanceof WrittenAnswer) {
        const { ext, pieces, remark } = answer;
        const head = { code: ResponseCode.SUCCESS, ...(remark !== undefined && { remark }) };
        connection.answerPieces(inWork, { ...head, ...(ext && { ext }) }, pieces);
        return;
      }
      const { ext, body } = codec(command).encodeResponse(answer as never);
      connection.answer(inWork, ResponseCode.SUCCESS, undefined, ext, body);
    } catch (error) {
      this.fail(command, inWork, connection, error);
    }
  }

  private fail(
    command: AnyCommand,
    inWork: RequestInWork,
    connection: ServerConnection,
    error: unknown,
  ): void {
    this.server.answerError(inWork, connection, this.checked(command, error));
  }

  private checked(command: AnyCommand, error: unknown): unknown {
    if (!(error instanceof Error)) return new FilterMissingError(error);
    if (!this.options.verifyFailures || !(error instanceof ResponseError)) return error;
    const declared: readonly number[] = [...command.failures, ResponseCode.SYSTEM_ERROR];
    return declared.includes(error.responseCode)
      ? error
      : new InvariantError(
          `${command.name} answers ${error.responseCode}, which it does not declare`,
        );
  }
}

/** Handlers answer with a value, Nest's filters and interceptors with an Observable. */
async function settled(result: unknown): Promise<unknown> {
  const value = await result;
  return isObservable(value) ? lastValueFrom(value) : value;
}
