import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { LifecyclePart, Logger } from '@rocketmq-ts/kernel';

/** What a path answers. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  /** As text, or as the bytes of one in pieces. */
  readonly body: string | readonly Buffer[];
}

/** Gives the answer for a path; asked for each GET. */
export type HttpPage = () => HttpAnswer | Promise<HttpAnswer>;

/** Where to listen; `port` 0 takes a free one. */
export interface HttpPortOptions {
  readonly host: string;
  readonly port: number;
  readonly pages: ReadonlyMap<string, HttpPage>;
  readonly logger: Logger;
}

const TEXT = 'text/plain; charset=utf-8';
const lengthOf = (body: HttpAnswer['body']): number =>
  typeof body === 'string'
    ? Buffer.byteLength(body)
    : body.reduce((sum, piece) => sum + piece.length, 0);

/** A short text as an answer. */
export const textAnswer = (status: number, body: string): HttpAnswer => ({
  status,
  contentType: TEXT,
  body: `${body}\n`,
});

/**
 * A port for probes and scrapers: a fixed set of pages, GET and HEAD only, nothing read from the request but its path.
 * Small limits everywhere: a stranger on this port must not cost the service anything.
 */
export class HttpPort implements LifecyclePart {
  readonly name = 'http';
  readonly stopDeadlineMs = 1_000;
  private server: Server | undefined;

  constructor(private readonly options: HttpPortOptions) {}

  /** The port in use, also where 0 was asked for; undefined before the start. */
  get port(): number | undefined {
    const address = this.server?.address();
    return typeof address === 'object' ? address?.port : undefined;
  }

  /** @throws system error, e.g. `EADDRINUSE`. */
  start(): Promise<void> {
    const server = createServer(
      {
        headersTimeout: 10_000,
        requestTimeout: 30_000,
        keepAliveTimeout: 5_000,
        connectionsCheckingInterval: 5_000,
        maxHeaderSize: 8 * 1_024,
      },
      (request, response) => void this.answer(request, response),
    );
    server.maxHeadersCount = 64;
    server.maxConnections = 64;
    this.server = server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.options.port, this.options.host, () => {
        server.off('error', reject);
        server.on('error', (error) =>
          this.options.logger.warn('http port failed', { reason: error.message }),
        );
        resolve();
      });
    });
  }

  stop(): Promise<void> {
    const { server } = this;
    if (!server) return Promise.resolve();
    return new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, contentType, body } = await this.answerFor(request);
    response.writeHead(status, {
      'content-type': contentType,
      'content-length': lengthOf(body),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    if (request.method === 'HEAD') response.end();
    else if (typeof body === 'string') response.end(body);
    else {
      for (const piece of body) response.write(piece);
      response.end();
    }
  }

  private async answerFor({ method, url = '' }: IncomingMessage): Promise<HttpAnswer> {
    if (method !== 'GET' && method !== 'HEAD') return textAnswer(405, 'GET only');
    const page = this.options.pages.get(url.split('?', 1)[0]!);
    if (!page) return textAnswer(404, `pages: ${[...this.options.pages.keys()].join(' ')}`);
    try {
      return await page();
    } catch (error) {
      this.options.logger.error('http page failed', {
        page: url.slice(0, 64),
        reason: error instanceof Error ? error.message : String(error),
      });
      return textAnswer(500, 'failed; see the log');
    }
  }
}
