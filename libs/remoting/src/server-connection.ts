import type { NetworkSocket } from '@rocketmq-ts/kernel';
import type { RemotingFrame } from '@rocketmq-ts/protocol';
import { RemotingConnection } from './connection.js';
import type { ConnectionSet } from './connection-set.js';
import type { PeerAddress } from './peer-address.js';

/** A connection that a client, or another broker, has opened to us. */
export class ServerConnection extends RemotingConnection {
  /** IP and port of the client as a stored message carries them: 8 bytes, or 20 with IPv6. */
  readonly bornHostBytes: Buffer;

  constructor(
    side: ConnectionSet,
    socket: NetworkSocket,
    peer: PeerAddress,
    /** Which of the server's listeners it came through. */
    readonly listenerName: string,
  ) {
    super(side, socket, peer);
    this.bornHostBytes = peer.recordBytes();
  }
}

/**
 * Works on one request. The frame is valid during the call only: what is needed later is copied, or
 * `frame.retain()`ed. The answer is written to the connection, now or later; then `connection.begin()` and `end()`
 * go around the wait. What it throws is answered (`errorResponse`), unless the request is one-way.
 */
export type FrameHandler = (frame: RemotingFrame, connection: ServerConnection) => void;
