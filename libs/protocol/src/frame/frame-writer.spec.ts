import { describe, expect, it } from '@jest/globals';
import { FrameWriter } from './frame-writer.js';

describe('FrameWriter', () => {
  it('keeps what was written while it grows', () => {
    const writer = new FrameWriter({ initialBytes: 2 });
    let expected = '';
    for (let i = 0; i < 200; i++) {
      expect(writer.text(`é${i}`)).toBe(Buffer.byteLength(`é${i}`));
      writer.append(Buffer.from('|'));
      expected += `é${i}|`;
    }
    expect(writer.bytes().toString('utf8')).toBe(expected);
  });

  it('makes no slab before the first write', () => {
    expect(new FrameWriter().slab).toHaveLength(0);
  });

  it('keeps a small slab on reset and lets a large one go', () => {
    const writer = new FrameWriter({ initialBytes: 8, keptBytesMax: 16 });
    writer.reserve(5);
    const { slab } = writer;
    writer.reset();
    expect([writer.length, writer.slab === slab]).toEqual([0, true]);
    writer.reserve(100);
    writer.reset();
    expect(writer.slab).toHaveLength(0);
  });

  it('gives its slab away on detach, so that later writes leave it alone', () => {
    const writer = new FrameWriter({ initialBytes: 8 });
    writer.text('first');
    const taken = writer.detach();
    writer.text('again');
    expect([taken.toString(), writer.bytes().toString()]).toEqual(['first', 'again']);
  });

  it('forgets an unfinished answer', () => {
    const writer = new FrameWriter();
    writer.text('whole');
    writer.text('half');
    writer.truncate(5);
    expect(writer.bytes().toString()).toBe('whole');
  });
});
