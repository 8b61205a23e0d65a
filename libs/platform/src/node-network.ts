import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import type { Network, NetworkListener, NetworkSocket, SocketEvents } from '@rocketmq-ts/kernel';
import { KIB } from '@rocketmq-ts/kernel';
import { NodeSocket } from './node-socket.js';
import { adoptSocket } from './reused-read-buffer.js';

/** Connections that the system keeps for us until they are accepted. Source: `NettyServerConfig#serverSocketBacklog`. */
const BACKLOG_COUNT = 1024;
/**
 * What one read takes at most. Measured per request: 1 KiB sends cost the same from 64 KiB on; 64 KiB sends cost half as
 * much as with 64 KiB, because most of them then lie whole in one read. More would let one connection keep more of us busy.
 */
const READ_BUFFER_BYTES = 256 * KIB;

type OnConnection = (socket: NetworkSocket) => SocketEvents;

/** `connect` was not answered in time. */
export class ConnectTimeoutError extends Error {
  override readonly name = 'ConnectTimeoutError';
  readonly code = 'ETIMEDOUT';
}

/** How bytes reach us: both ways are tested, `'events'` is what remains should Node change below us. */
export type ReadMethod = 'reused-buffer' | 'events';

/**
 * TCP of this machine. Nagle's delay is off on every connection: answers are already grouped per turn of the event loop.
 */
export class NodeNetwork implements Network {
  private readonly readBuffer: Buffer;
  private readonly readMethod: ReadMethod;

  constructor(
    options: { readonly readMethod?: ReadMethod; readonly readBufferBytes?: number } = {},
  ) {
    // Windows may hold a buffer for a read that has not happened yet, so it cannot be shared there.
    const shared = process.platform !== 'win32';
    this.readMethod = shared ? (options.readMethod ?? 'reused-buffer') : 'events';
    this.readBuffer = Buffer.allocUnsafeSlow(options.readBufferBytes ?? READ_BUFFER_BYTES);
  }

  listen(
    at: { readonly host: string; readonly port: number },
    onConnection: OnConnection,
  ): Promise<NetworkListener> {
    return new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) =>
        this.accept(socket, onConnection),
      );
      server.once('error', reject);
      server.listen({ host: at.host, port: at.port, backlog: BACKLOG_COUNT }, () => {
        server.off('error', reject);
        // Failures of accept alone (no descriptors left, say) end no listener; the peer sees its connection go.
        server.on('error', () => undefined);
        resolve(new NodeListener(server, at.host));
      });
    });
  }

  connect(
    to: { readonly host: string; readonly port: number; readonly timeoutMs: number },
    onConnection: OnConnection,
  ): Promise<NetworkSocket> {
    return new Promise((resolve, reject) => {
      let open: NodeSocket | undefined;
      const socket = connect({
        host: to.host,
        port: to.port,
        noDelay: true,
        ...this.readOption((chunk) => open?.receive(chunk)),
      });
      const timer = setTimeout(() => {
        const where = `${to.host}:${to.port}`;
        socket.destroy(
          new ConnectTimeoutError(`ETIMEDOUT: no connection to ${where} within ${to.timeoutMs} ms`),
        );
      }, to.timeoutMs);
      socket.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      socket.once('connect', () => {
        clearTimeout(timer);
        open = new NodeSocket(socket);
        open.attach(onConnection(open));
        if (this.readMethod === 'events')
          socket.on('data', (chunk: Buffer) => open!.receive(chunk));
        resolve(open);
      });
    });
  }

  private accept(accepted: Socket, onConnection: OnConnection): void {
    const { readBuffer } = this;
    // Nothing is read before `resume`, so `open` is there when it is first asked for.
    const adopted =
      this.readMethod === 'reused-buffer'
        ? adoptSocket(accepted, readBuffer, (byteCount) =>
            open.receive(readBuffer.subarray(0, byteCount)),
          )
        : undefined;
    const socket = adopted ?? accepted;
    const open = new NodeSocket(socket);
    open.attach(onConnection(open));
    if (!adopted) socket.on('data', (chunk: Buffer) => open.receive(chunk));
    socket.resume();
  }

  private readOption(onChunk: (chunk: Buffer) => void): object {
    if (this.readMethod === 'events') return {};
    const { readBuffer } = this;
    return {
      onread: {
        buffer: readBuffer,
        callback: (byteCount: number): boolean => {
          onChunk(readBuffer.subarray(0, byteCount));
          return true;
        },
      },
    };
  }
}

class NodeListener implements NetworkListener {
  readonly port: number;

  constructor(
    private readonly server: Server,
    readonly host: string,
  ) {
    this.port = (server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    // The port is free as soon as `close` returns; its callback would wait for the connections, which live on.
    this.server.close();
    return Promise.resolve();
  }
}
