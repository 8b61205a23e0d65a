/** The bytes of an answer: stretches of buffers, one behind the other, where they happen to lie. */
export class RecordSpans {
  private readonly buffers: Buffer[] = [];
  /** Start and end in its buffer, for each span. */
  private readonly bounds: number[] = [];

  get count(): number {
    return this.buffers.length;
  }

  /** Adds bytes at the end; what follows the last span in its buffer makes that one longer. */
  add(buffer: Buffer, position: number, sizeBytes: number): void {
    const { buffers, bounds } = this;
    const last = buffers.length - 1;
    if (last >= 0 && buffers[last] === buffer && bounds[2 * last + 1] === position) {
      bounds[2 * last + 1] = position + sizeBytes;
      return;
    }
    buffers.push(buffer);
    bounds.push(position, position + sizeBytes);
  }

  /** The spans as slices that share their memory. */
  slices(): Buffer[] {
    return this.buffers.map((buffer, i) =>
      buffer.subarray(this.bounds[2 * i], this.bounds[2 * i + 1]),
    );
  }

  /** Copies all bytes, one span behind the other; `into` has room for them from `position` on. */
  copyTo(into: Uint8Array, position: number): void {
    const { buffers, bounds } = this;
    let at = position;
    for (let i = 0; i < buffers.length; i++) {
      const { buffer, byteOffset } = buffers[i]!;
      const from = bounds[2 * i]!;
      const length = bounds[2 * i + 1]! - from;
      into.set(new Uint8Array(buffer, byteOffset + from, length), at);
      at += length;
    }
  }
}
