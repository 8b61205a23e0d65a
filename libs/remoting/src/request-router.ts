import { InvariantError, type Logger, traceOf } from '@rocketmq-ts/kernel';
import type { RemotingFrame } from '@rocketmq-ts/protocol';
import type { AnswerTo, RemotingConnection } from './connection.js';
import { breaksStream, errorResponse } from './error-response.js';
import { DuplicateHandlerError, RequestCodeNotSupportedError } from './remoting-errors.js';
import type { RemotingStats } from './remoting-stats.js';

/** What a router calls. `C` is the kind of connection of its side. */
export type Handler<C extends RemotingConnection> = (frame: RemotingFrame, connection: C) => void;

/** Something to answer to, and whether it wants an answer. A frame is one. */
export interface FailedRequest extends AnswerTo {
  readonly code: number;
  readonly isOneWay: boolean;
}

/** One request code with its handler. */
class Route<C extends RemotingConnection> {
  requestCount = 0;
  failureCount = 0;

  constructor(readonly handler: Handler<C>) {}
}

/** Finds the handler of a request by its number, and turns what handlers throw into answers. */
export class RequestRouter<C extends RemotingConnection> {
  private readonly routes = new Map<number, Route<C>>();
  private readonly seized = new Set<number>();
  private other: Route<C> | undefined;

  constructor(
    private readonly logger: Logger,
    private readonly stats: RemotingStats,
    /** Where broken invariants go: they are never answered. */
    private readonly raise: (error: InvariantError) => void,
  ) {}

  /** @throws {DuplicateHandlerError} the code has a handler. */
  add(code: number, handler: Handler<C>): void {
    if (this.seized.has(code)) return;
    if (this.routes.has(code)) throw new DuplicateHandlerError(code);
    this.routes.set(code, new Route(handler));
  }

  /** Binds a handler before all others: those that come later for this code are left out. */
  seize(code: number, handler: Handler<C>): void {
    this.add(code, handler);
    this.seized.add(code);
  }

  /** Takes all codes without a handler of their own. */
  setFallback(handler: Handler<C>): void {
    this.other = new Route(handler);
  }

  get codes(): number[] {
    return [...this.routes.keys()];
  }

  /** Requests and failures so far by request code; codes that were never asked for are left out. */
  *counts(): IterableIterator<{ code: number; requestCount: number; failureCount: number }> {
    for (const [code, { requestCount, failureCount }] of this.routes) {
      if (requestCount > 0) yield { code, requestCount, failureCount };
    }
  }

  /** Never throws. */
  dispatch(frame: RemotingFrame, connection: C): void {
    const route = this.routes.get(frame.code) ?? this.other;
    if (route === undefined) {
      this.stats.unsupportedRequests++;
      this.answerError(frame, connection, new RequestCodeNotSupportedError(frame.code));
      return;
    }
    route.requestCount++;
    try {
      route.handler(frame, connection);
    } catch (error) {
      this.answerError(frame, connection, error);
    }
  }

  /** Answers a request with what an error means; also for handlers that fail later than their call. */
  answerError(request: FailedRequest, connection: C, error: unknown): void {
    if (error instanceof InvariantError) {
      this.raise(error);
      return;
    }
    if (breaksStream(error)) {
      connection.breakOff(error);
      return;
    }
    const { code, remark, ext, unexpected } = errorResponse(error);
    if (unexpected) this.noteFailure(request, connection, error);
    if (!request.isOneWay) connection.answer(request, code, remark, ext);
  }

  private noteFailure(request: FailedRequest, connection: C, error: unknown): void {
    this.stats.handlerFailures++;
    const route = this.routes.get(request.code);
    if (route) route.failureCount++;
    this.logger.error('handler failed', {
      requestCode: request.code,
      peer: connection.remoteHostPort,
      error: traceOf(error),
    });
  }
}
