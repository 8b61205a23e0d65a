import { memoryViewOf } from '@rocketmq-ts/kernel';
import { BytePattern } from './byte-pattern.js';
import type { RemotingFrame } from './frame.js';

const ZERO = 0x30;
const OPAQUE_DIGITS_MAX = 9;

/** A layout that was not met again is given up only for every n-th other one: learning costs more than it may save. */
const MISSES_PER_LESSON = 4;

/**
 * Remembers how the last JSON header of a connection looked, because the next one mostly differs in the ext fields and
 * the opaque alone: `{"code":310,"extFields":{` … `},"flag":0,"language":"JAVA","opaque":` … `,"serialize…}`. A header
 * with the same bytes around these two needs no scan.
 *
 * Sound for the reason that `scanJsonHeader` gives: in valid JSON what stands behind the ext fields cannot stand inside
 * a string.
 */
export class JsonHeaderLayout {
  private head: BytePattern | undefined = undefined;
  private beforeOpaque: BytePattern | undefined = undefined;
  private tail: BytePattern | undefined = undefined;
  private code = 0;
  private flag = 0;
  private version = 0;
  private languageCode = 0;
  private misses = MISSES_PER_LESSON - 1;

  /** Fills the frame in where its header has the remembered layout. */
  match(frame: RemotingFrame): boolean {
    const { head, beforeOpaque, tail } = this;
    if (head === undefined || beforeOpaque === undefined || tail === undefined) return false;
    const { bytes, headerStart, headerEnd } = frame;
    if (headerEnd - headerStart < head.length + beforeOpaque.length + tail.length) return false;
    const view = memoryViewOf(bytes);
    const offset = bytes.byteOffset;
    const tailAt = headerEnd - tail.length;
    if (!head.matches(view, offset + headerStart) || !tail.matches(view, offset + tailAt)) {
      return false;
    }
    let at = tailAt - 1;
    let opaque = 0;
    for (let unit = 1; ; unit *= 10, at--) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) break;
      opaque += digit * unit;
    }
    const digits = tailAt - 1 - at;
    if (digits === 0 || digits > OPAQUE_DIGITS_MAX) return false;
    const extLast = at + 1 - beforeOpaque.length;
    const extStart = headerStart + head.length - 1;
    if (extLast <= extStart || !beforeOpaque.matches(view, offset + extLast)) return false;
    frame.extStart = extStart;
    frame.extEnd = extLast + 1;
    frame.opaque = opaque;
    frame.code = this.code;
    frame.flag = this.flag;
    frame.version = this.version;
    frame.languageCode = this.languageCode;
    this.misses = 0;
    return true;
  }

  /** Remembers the layout of a header that was scanned; `opaqueStart … opaqueEnd` are the digits of its opaque. */
  learn(frame: RemotingFrame, opaqueStart: number, opaqueEnd: number): void {
    const { bytes, headerStart, headerEnd, extStart, extEnd } = frame;
    // Go writes the ext fields last: nothing is gained there. A remark changes from frame to frame.
    if (extStart === extEnd || opaqueStart < extEnd || frame.remark !== undefined) return;
    if (headerEnd - opaqueEnd < BytePattern.MIN_BYTES) return;
    if (++this.misses < MISSES_PER_LESSON) return;
    this.misses = 0;
    this.head = new BytePattern(bytes.subarray(headerStart, extStart + 1));
    this.beforeOpaque = new BytePattern(bytes.subarray(extEnd - 1, opaqueStart));
    this.tail = new BytePattern(bytes.subarray(opaqueEnd, headerEnd));
    this.code = frame.code;
    this.flag = frame.flag;
    this.version = frame.version;
    this.languageCode = frame.languageCode;
  }
}
