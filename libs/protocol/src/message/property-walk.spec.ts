import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { javaHashCode } from '@rocketmq-ts/kernel';
import { parseProperties } from './message-properties.js';
import { PropertyWalk } from './property-walk.js';

describe('PropertyWalk', () => {
  const walk = new PropertyWalk();
  const find = (text: string): Buffer => {
    const bytes = Buffer.from(`xx${text}yy`);
    walk.find(bytes, 2, bytes.length - 2);
    return bytes;
  };

  it('hashes a value as its text, with the length of the text', () => {
    for (const value of ['1', 'TagA', 'Tég订', '😀', 'a'.repeat(300)]) {
      const bytes = find(`UNIQ_KEY\x01id\x02TAGS\x01${value}\x02`);
      expect(walk.tags).toMatchObject({ hash: javaHashCode(value), textLength: value.length });
      expect(walk.text(bytes, 'TAGS')).toBe(value);
      expect(walk.uniqKey).toMatchObject({ hash: javaHashCode('id'), textLength: 2 });
    }
  });

  it('knows nothing of properties that are not there or empty', () => {
    const bytes = find('KEYS\x01a b\x02TAGS\x01\x02WAIT\x01true');
    for (const name of ['TAGS', 'UNIQ_KEY'] as const) {
      expect(walk.text(bytes, name)).toBeUndefined();
    }
    for (const value of [walk.tags, walk.uniqKey])
      expect(value).toMatchObject({ hash: 0, textLength: 0 });
    expect(walk.text(bytes, 'KEYS')).toBe('a b');
  });

  it('finds what the whole reading of properties finds', () => {
    const names = [
      ...(['TAGS', 'KEYS', 'UNIQ_KEY', 'DELAY'] as const),
      ...(['INNER_MULTI_DISPATCH', 'INNER_MULTI_QUEUE_OFFSET'] as const),
    ];
    const piece = fc.constantFrom(...names, 'TAG', 'T', 'I', '\x01', '\x01', '\x02', 'Tég', 'x');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        const bytes = find(text);
        const expected = parseProperties(text);
        for (const name of names) expect(walk.text(bytes, name)).toBe(expected.get(name));
        expect(walk.tags.hash).toBe(javaHashCode(expected.get('TAGS') ?? ''));
        expect(walk.uniqKey.textLength).toBe((expected.get('UNIQ_KEY') ?? '').length);
      }),
      { numRuns: 2_000 },
    );
  });
});
