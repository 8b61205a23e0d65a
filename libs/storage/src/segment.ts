import type { DiskFile } from '@rocketmq-ts/kernel';

const NAME_DIGITS = 20;

/** Name of the file whose first byte has this offset: 20 decimal digits. Source: rocketmq `UtilAll#offset2FileName`. */
export function segmentName(startOffset: number): string {
  return String(startOffset).padStart(NAME_DIGITS, '0');
}

/** Offset that a file name stands for, or undefined for a file that is not ours. */
export function parseSegmentName(name: string): number | undefined {
  if (!/^\d{20}$/.test(name)) return undefined;
  const offset = Number(name);
  return Number.isSafeInteger(offset) ? offset : undefined;
}

/** One file of the commit log, open. Its length is fixed; what is not written yet reads as zeros. */
export class Segment {
  constructor(
    readonly file: DiskFile,
    readonly startOffset: number,
    readonly sizeBytes: number,
  ) {}

  /** Offset behind the file's last byte: where the next file begins. */
  get endOffset(): number {
    return this.startOffset + this.sizeBytes;
  }
}
