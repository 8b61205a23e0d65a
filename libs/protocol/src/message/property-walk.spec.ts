import { describe, expect, it } from '@jest/globals';
import { javaHashCode } from '@rocketmq-ts/kernel';
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
      expect(walk.hash(bytes, 'TAGS')).toBe(javaHashCode(value));
      expect(walk.hashedLength).toBe(value.length);
      expect(walk.text(bytes, 'TAGS')).toBe(value);
      expect(walk.hash(bytes, 'UNIQ_KEY')).toBe(javaHashCode('id'));
      expect(walk.hashedLength).toBe(2);
    }
  });

  it('knows nothing of properties that are not there or empty', () => {
    const bytes = find('KEYS\x01a b\x02TAGS\x01\x02WAIT\x01true');
    for (const name of ['TAGS', 'UNIQ_KEY'] as const) {
      expect(walk.hash(bytes, name)).toBe(0);
      expect(walk.hashedLength).toBe(0);
      expect(walk.text(bytes, name)).toBeUndefined();
    }
    expect(walk.text(bytes, 'KEYS')).toBe('a b');
  });
});
