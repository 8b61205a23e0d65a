import type { NetworkSocket, SocketEvents } from '@rocketmq-ts/kernel';
import {
  FrameDecoder,
  FrameWriter,
  type RemotingFrame,
  type RequestFrame,
  encodeRequestFrame,
} from '@rocketmq-ts/protocol';

/** The bytes of one request. */
export function requestBytes(frame: RequestFrame): Buffer {
  const writer = new FrameWriter();
  encodeRequestFrame(writer, frame);
  return writer.detach();
}

/** A peer that sends what a test tells it to, valid or not, and keeps every frame it gets. */
export class RawPeer implements SocketEvents {
  readonly frames: RemotingFrame[] = [];
  readonly closes: (Error | undefined)[] = [];
  byteCount = 0;
  socket!: NetworkSocket;
  private readonly decoder = new FrameDecoder();
  private wake: (() => void)[] = [];

  onData(chunk: Buffer): void {
    this.byteCount += chunk.length;
    this.decoder.push(chunk, (frame) => this.frames.push(frame.retain()));
    this.wakeAll();
  }

  onDrain(): void {
    this.wakeAll();
  }

  onClose(error: Error | undefined): void {
    this.closes.push(error);
    this.wakeAll();
  }

  get closed(): boolean {
    return this.closes.length > 0;
  }

  /** Answers and requests by opaque, in the order they came. */
  get opaques(): number[] {
    return this.frames.map(({ opaque }) => opaque);
  }

  send(...frames: RequestFrame[]): void {
    this.socket.write(Buffer.concat(frames.map(requestBytes)));
  }

  sendBytes(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** For tests with real sockets: waits for events. */
  async until(condition: (peer: this) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>((resolve) => this.wake.push(resolve));
  }

  private wakeAll(): void {
    for (const wake of this.wake.splice(0)) wake();
  }
}
