import { describe, expect, it } from '@jest/globals';
import { RecordSpans } from './record-spans.js';

describe('RecordSpans', () => {
  const first = Buffer.from('abcdefgh');
  const other = Buffer.from('ABCDEFGH').subarray(2);

  const spansOf = (...parts: [Buffer, number, number][]): RecordSpans => {
    const spans = new RecordSpans();
    for (const [buffer, position, sizeBytes] of parts) spans.add(buffer, position, sizeBytes);
    return spans;
  };

  it('joins neighbours of one buffer, and nothing else', () => {
    const spans = spansOf(
      [first, 1, 2],
      [first, 3, 1],
      [first, 5, 1],
      [other, 6, 0],
      [first, 6, 1],
    );
    expect(spans.count).toBe(4);
    expect(spans.slices().map(String)).toEqual(['bcd', 'f', '', 'g']);
    expect(spans.slices()[0]!.buffer).toBe(first.buffer);
  });

  it('copies all of it to where it is asked to', () => {
    const into = Buffer.from('__________');
    spansOf([first, 2, 2], [other, 0, 3], [first, 0, 1]).copyTo(into, 3);
    expect(into.toString()).toBe('___cdCDEa_');
  });
});
