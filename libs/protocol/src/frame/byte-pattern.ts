import { viewOf } from '@rocketmq-ts/kernel';

/** Some bytes, to be compared with or written into others four at a time: twice as fast as one at a time. */
export class BytePattern {
  static readonly MIN_BYTES = 4;

  readonly length: number;
  /** The bytes in words; where their number is no multiple of 4, the last word repeats some. */
  private readonly words: Int32Array;
  private readonly lastWordAt: number;

  /** A copy of the bytes; at least `MIN_BYTES`. */
  constructor(bytes: Uint8Array) {
    this.length = bytes.length;
    this.lastWordAt = bytes.length - 4;
    const view = viewOf(bytes);
    this.words = new Int32Array(Math.ceil(bytes.length / 4));
    for (let i = 0; i < this.words.length; i++) {
      this.words[i] = view.getInt32(Math.min(4 * i, this.lastWordAt));
    }
  }

  /** Whether the bytes stand at `at`. There must be `length` bytes. */
  matches(view: DataView, at: number): boolean {
    const { words } = this;
    const last = words.length - 1;
    for (let i = 0; i < last; i++) if (view.getInt32(at + 4 * i) !== words[i]) return false;
    return view.getInt32(at + this.lastWordAt) === words[last];
  }

  /** Writes the bytes at `at` and returns where they end. There must be room. */
  write(view: DataView, at: number): number {
    const { words } = this;
    const last = words.length - 1;
    for (let i = 0; i < last; i++) view.setInt32(at + 4 * i, words[i]!);
    view.setInt32(at + this.lastWordAt, words[last]!);
    return at + this.length;
  }
}
