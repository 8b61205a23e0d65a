import type { NetworkSocket } from '@rocketmq-ts/kernel';
import { FrameWriter } from '@rocketmq-ts/protocol';

const FIRST_SLAB_BYTES = 4 * 1024;
/** Holds `BATCH_BYTES` and the answer that goes beyond them. */
const KEPT_SLAB_BYTES = 128 * 1024;
/** Slabs of idle batches: what a burst of this many connections in one turn needs again in the next. */
const KEPT_BATCHES = 64;
/** With so much to send a batch leaves at once: more would not make sending cheaper, only memory colder. */
export const BATCH_BYTES = 64 * 1024;
/** Below this it is cheaper to copy the pieces behind their header than to hand the system a list. */
const COPIED_PIECES_BYTES = 16 * 1024;

/** Pieces that follow the first `position` bytes of the slab. */
interface Joint {
  readonly position: number;
  readonly pieces: readonly Uint8Array[];
  readonly released: (() => void) | undefined;
}

/**
 * What one connection sends at the end of one turn: frames in a slab, with pieces of memory that is not ours in between
 * where answers carry stored records. Taken from a pool when the first frame of a turn is written, and back in it when
 * the system has the bytes; a connection that has nothing to say owns no memory for it.
 */
export class OutgoingBatch {
  readonly writer = new FrameWriter({
    initialBytes: FIRST_SLAB_BYTES,
    keptBytesMax: KEPT_SLAB_BYTES,
  });
  private readonly joints: Joint[] = [];
  private readonly sentCallbacks: (() => void)[] = [];
  private pieceBytes = 0;
  private readonly released = (): void => this.onReleased();

  constructor(private readonly pool: { give(batch: OutgoingBatch): void }) {}

  /** Bytes that it holds or points to. */
  get byteCount(): number {
    return this.writer.length + this.pieceBytes;
  }

  /** Puts `pieces` behind what was written so far. `released` is called once, when nobody needs them any more. */
  addPieces(pieces: readonly Uint8Array[], byteCount: number, released?: () => void): void {
    const { writer } = this;
    if (byteCount > COPIED_PIECES_BYTES) {
      this.joints.push({ position: writer.length, pieces, released });
      this.pieceBytes += byteCount;
      return;
    }
    writer.ensure(byteCount);
    for (let i = 0; i < pieces.length; i++) writer.append(pieces[i]!);
    released?.();
  }

  /** `sent` is called once, when nothing of what was written so far is kept for sending any more. */
  onSent(sent: () => void): void {
    this.sentCallbacks.push(sent);
  }

  /** Sends all and gives itself back. @returns bytes sent. */
  sendTo(socket: NetworkSocket): number {
    const { joints, writer } = this;
    const slabBytes = writer.bytes();
    if (joints.length === 0) {
      if (slabBytes.length === 0) this.onReleased();
      else socket.write(slabBytes, this.released);
      return slabBytes.length;
    }
    const { byteCount } = this;
    const all: Uint8Array[] = [];
    let from = 0;
    for (const { position, pieces } of joints) {
      if (position > from) all.push(slabBytes.subarray(from, position));
      from = position;
      for (const piece of pieces) all.push(piece);
    }
    if (from < slabBytes.length) all.push(slabBytes.subarray(from));
    socket.writeAll(all, this.released);
    return byteCount;
  }

  /** Gives itself back without sending. */
  discard(): void {
    this.onReleased();
  }

  private onReleased(): void {
    const { joints, sentCallbacks } = this;
    for (let i = 0; i < joints.length; i++) joints[i]!.released?.();
    joints.length = 0;
    this.pieceBytes = 0;
    this.writer.reset();
    // Not in the pool before the callbacks are through: they may write, and would be given this batch.
    for (let i = 0; i < sentCallbacks.length; i++) sentCallbacks[i]!();
    sentCallbacks.length = 0;
    this.pool.give(this);
  }
}

/** Batches that wait for their next connection. */
export class OutgoingBatchPool {
  private readonly idle: OutgoingBatch[] = [];

  take(): OutgoingBatch {
    return this.idle.pop() ?? new OutgoingBatch(this);
  }

  give(batch: OutgoingBatch): void {
    if (this.idle.length < KEPT_BATCHES) this.idle.push(batch);
  }
}
