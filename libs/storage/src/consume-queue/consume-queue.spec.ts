import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { viewOf } from '@rocketmq-ts/kernel';
import { QueueGapError } from '../store-errors.js';
import { ConsumeQueue } from './consume-queue.js';
import {
  blankUnits,
  unitCommitLogOffset,
  unitSizeBytes,
  unitTagsCode,
  UNIT_BYTES,
  writeUnit,
} from './queue-unit.js';

const FILE_UNITS = 10;

describe('ConsumeQueue', () => {
  let queue: ConsumeQueue;
  /** What has been written out, as the files would hold it. */
  let files: number[];

  beforeEach(() => {
    queue = new ConsumeQueue('T', 1, 1);
    files = [];
  });

  const writeOut = () => {
    const units = queue.unwritten(FILE_UNITS);
    if (!units) return;
    for (let i = units.fromQueueOffset; i < units.toQueueOffset; i++) {
      files[i] = unitCommitLogOffset(viewOf(units.bytes), (i - units.fromQueueOffset) * UNIT_BYTES);
    }
    queue.markWritten(units.toQueueOffset);
  };
  const offsetOf = (queueOffset: number) =>
    queueOffset >= queue.memoryOffset
      ? unitCommitLogOffset(queue.memoryView, queue.memoryPosition(queueOffset))
      : files[queueOffset];

  it('has every unit in memory or in a file, whatever the order of appends and writes (I1, I4)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant(-1), fc.nat({ max: 40 })), { maxLength: 60 }),
        (steps) => {
          queue = new ConsumeQueue('T', 1, 1);
          files = [];
          for (const step of steps) {
            if (step < 0) writeOut();
            for (let i = 0; i < step; i++) {
              queue.add(queue.maxOffset, queue.maxOffset * 100, 100, 7);
            }
            for (let at = 0; at < queue.maxOffset; at++) expect(offsetOf(at)).toBe(at * 100);
            expect(queue.writtenOffset).toBeLessThanOrEqual(queue.maxOffset);
            expect(queue.memoryOffset).toBeLessThanOrEqual(queue.writtenOffset);
          }
        },
      ),
    );
  });

  it('gives units for one file at a time', () => {
    for (let i = 0; i < 25; i++) queue.add(i, i, 1, 0);
    const counts: number[] = [];
    for (let units = queue.unwritten(FILE_UNITS); units; units = queue.unwritten(FILE_UNITS)) {
      counts.push(units.toQueueOffset - units.fromQueueOffset);
      queue.markWritten(units.toQueueOffset);
    }
    expect(counts).toEqual([10, 10, 5]);
  });

  it('may begin at any offset, and only then', () => {
    queue.add(42, 1000, 10, 0);
    expect([queue.minOffset, queue.maxOffset, queue.nextOffset]).toEqual([42, 43, 43]);
    expect(() => queue.add(44, 1100, 10, 0)).toThrow(QueueGapError);
    expect(() => queue.add(42, 1100, 10, 0)).toThrow(QueueGapError);
  });

  it('refuses a message that lies in front of the last one (I3)', () => {
    queue.add(0, 1000, 10, 0);
    expect(() => queue.add(1, 900, 10, 0)).toThrow('I3');
  });

  it('forgets units from an offset on and takes them again', () => {
    for (let i = 0; i < 20; i++) queue.add(i, i * 10, 10, 0);
    writeOut();
    queue.rewind(7, -1);
    expect([queue.maxOffset, queue.nextOffset, queue.writtenOffset]).toEqual([7, 7, 7]);
    for (let i = 7; i < 12; i++) queue.add(i, i * 11, 10, 0);
    expect(offsetOf(7)).toBe(77);
    expect(offsetOf(3)).toBe(30);
  });
});

describe('queue units', () => {
  it('are written as Apache writes them', () => {
    const bytes = Buffer.alloc(UNIT_BYTES);
    const units = viewOf(bytes);
    writeUnit(units, 0, 0x1_0203_0405, 248, -1_234_567);
    expect(bytes.toString('hex')).toBe(`0000000102030405000000f8${'ffffffffffed2979'}`);
    expect([
      unitCommitLogOffset(units, 0),
      unitSizeBytes(units, 0),
      unitTagsCode(units, 0),
    ]).toEqual([0x1_0203_0405, 248, -1_234_567]);
  });

  it('survive the address of an extension unit, which no number holds', () => {
    const bytes = Buffer.alloc(UNIT_BYTES);
    bytes.writeBigInt64BE(-(2n ** 63n) + 48n, 12);
    expect(unitTagsCode(viewOf(bytes), 0)).toBeNaN();
  });

  it('take random bytes for no offset', () => {
    const bytes = Buffer.alloc(UNIT_BYTES, 0xee);
    expect(unitCommitLogOffset(viewOf(bytes), 0)).toBe(-1);
  });

  it('fill a file in front of a queue that begins inside it', () => {
    expect(blankUnits(2).toString('hex')).toBe(
      '00000000000000007fffffff0000000000000000'.repeat(2),
    );
  });
});
