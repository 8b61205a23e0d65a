import { memoryViewOf } from '@rocketmq-ts/kernel';
import { BytePattern } from '../../frame/byte-pattern.js';
import type { RemotingFrame } from '../../frame/frame.js';
import type { SendHeader } from './send-header.js';

/** What differs from message to message; everything else in a header is compared as a whole. */
export const VaryingSlot = { TOPIC: 1, QUEUE_ID: 4, BORN_TIMESTAMP: 6, PROPERTIES: 8 } as const;
const VARYING = Object.values(VaryingSlot);

/** A layout is learned anew at most at every n-th header that it does not fit: learning costs too. */
const MISSES_PER_LESSON = 8;

/** Reads the value of a slot at a position of the frame's bytes; answers where its closing quote is, or −1. */
export interface SlotReader {
  readSlot(frame: RemotingFrame, at: number, slot: number): number;
}

/**
 * Remembers the JSON ext fields of the last send header, cut at the values that vary. A header whose other bytes are the
 * same has the same producer group, flags and so on: they are taken over instead of read.
 */
export class SendHeaderLayout {
  private longNames = false;
  /** The varying slots in the order of the header, and the bytes in front of, between and behind them. */
  private slots: number[] = [];
  private literals: BytePattern[] = [];
  private sizeBytesMin = 0;
  private misses = MISSES_PER_LESSON - 1;

  private producerGroup = '';
  private defaultTopic = '';
  private defaultTopicQueueNums = 0;
  private sysFlag = 0;
  private flag = 0;
  private reconsumeTimes = 0;
  private unitMode = false;
  private batch = false;
  private maxReconsumeTimes: number | undefined = undefined;

  /** Fills the header in where the frame has this layout; otherwise it may hold some values already. */
  read(frame: RemotingFrame, longNames: boolean, header: SendHeader, reader: SlotReader): boolean {
    const { slots, literals } = this;
    const { bytes, extEnd } = frame;
    let at = frame.extStart;
    if (slots.length === 0 || longNames !== this.longNames) return false;
    if (extEnd - at < this.sizeBytesMin) return false;
    const view = memoryViewOf(bytes);
    const offset = bytes.byteOffset;
    for (let i = 0; i < slots.length; i++) {
      const literal = literals[i]!;
      if (at + literal.length > extEnd || !literal.matches(view, offset + at)) return false;
      at = reader.readSlot(frame, at + literal.length, slots[i]!);
      if (at < 0) return false;
    }
    const last = literals[slots.length]!;
    if (at + last.length !== extEnd || !last.matches(view, offset + at)) return false;
    this.fill(header);
    this.misses = 0;
    return true;
  }

  /** Remembers a header that was scanned; `starts` and `ends` say by slot where the values lie, −1 for absent ones. */
  learn(
    frame: RemotingFrame,
    longNames: boolean,
    header: SendHeader,
    starts: Int32Array,
    ends: Int32Array,
  ): void {
    if (++this.misses < MISSES_PER_LESSON) return;
    this.misses = 0;
    this.slots = [];
    const slots = VARYING.filter((slot) => starts[slot]! >= 0);
    slots.sort((a, b) => starts[a]! - starts[b]!);
    const literals: BytePattern[] = [];
    let from = frame.extStart;
    for (const slot of [...slots, undefined]) {
      const to = slot === undefined ? frame.extEnd : starts[slot]!;
      if (to - from < BytePattern.MIN_BYTES) return;
      literals.push(new BytePattern(frame.bytes.subarray(from, to)));
      if (slot !== undefined) from = ends[slot]!;
    }
    this.slots = slots;
    this.literals = literals;
    this.longNames = longNames;
    this.sizeBytesMin = literals.reduce((sum, literal) => sum + literal.length, 0);
    this.producerGroup = header.producerGroup;
    this.defaultTopic = header.defaultTopic;
    this.defaultTopicQueueNums = header.defaultTopicQueueNums;
    this.sysFlag = header.sysFlag;
    this.flag = header.flag;
    this.reconsumeTimes = header.reconsumeTimes;
    this.unitMode = header.unitMode;
    this.batch = header.batch;
    this.maxReconsumeTimes = header.maxReconsumeTimes;
  }

  private fill(header: SendHeader): void {
    header.producerGroup = this.producerGroup;
    header.defaultTopic = this.defaultTopic;
    header.defaultTopicQueueNums = this.defaultTopicQueueNums;
    header.sysFlag = this.sysFlag;
    header.flag = this.flag;
    header.reconsumeTimes = this.reconsumeTimes;
    header.unitMode = this.unitMode;
    header.batch = this.batch;
    header.maxReconsumeTimes = this.maxReconsumeTimes;
  }
}
