/** One end of a TCP connection, as its owner uses it. */
export interface NetworkSocket {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Bytes accepted by `write` that the system has not taken yet. */
  readonly unsentBytes: number;
  /**
   * Sends bytes in order; they leave now or as soon as the system takes them. The bytes must stay untouched until
   * `released` is called (possibly before `write` returns, and also when the connection dies).
   */
  write(bytes: Uint8Array, released?: () => void): void;
  /** As `write` for several pieces in one system call. */
  writeAll(pieces: readonly Uint8Array[], released?: () => void): void;
  /** Stops reading: the peer is slowed down by TCP. */
  pause(): void;
  resume(): void;
  /** Closes after what was written has left. */
  end(): void;
  /** Closes at once; what was not sent is dropped. */
  destroy(): void;
}

/** What its owner wants to hear of a connection. */
export interface SocketEvents {
  /** Bytes came in. They are valid during this call alone: keep a copy of what must outlive it. */
  onData(chunk: Buffer): void;
  /** `unsentBytes` fell to zero after it had been above zero. */
  onDrain(): void;
  /** The connection is gone; the last event. `error` where it did not close in order. */
  onClose(error: Error | undefined): void;
}

/** A listening port. */
export interface NetworkListener {
  readonly host: string;
  /** The port in use, also where 0 was asked for. */
  readonly port: number;
  /** Accepts no more; connections that exist live on. */
  close(): Promise<void>;
}

/** TCP. */
export interface Network {
  /** @throws system error, e.g. `EADDRINUSE`. */
  listen(
    at: { readonly host: string; readonly port: number },
    onConnection: (socket: NetworkSocket) => SocketEvents,
  ): Promise<NetworkListener>;
  /** @throws system error, or a time-out error after `timeoutMs`. */
  connect(
    to: { readonly host: string; readonly port: number; readonly timeoutMs: number },
    onConnection: (socket: NetworkSocket) => SocketEvents,
  ): Promise<NetworkSocket>;
}
