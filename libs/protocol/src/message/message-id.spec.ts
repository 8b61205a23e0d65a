import { describe, expect, it } from '@jest/globals';
import { offsetMsgId, offsetMsgIds, parseOffsetMsgId, parseUniqKey } from './message-id.js';

describe('parseOffsetMsgId', () => {
  it('refuses what is no id, and offsets beyond a safe number', () => {
    const id = 'C0A8C80100002A9F0000000000001F40';
    expect(parseOffsetMsgId(id.toLowerCase())).toMatchObject({ commitLogOffset: 8000 });
    const wrong = [
      '',
      id.slice(1),
      `${id}00`,
      id.replace('C', 'G'),
      `${id.slice(0, 16)}FFFFFFFFFFFFFFFF`,
    ];
    for (const text of wrong) expect(parseOffsetMsgId(text)).toBeUndefined();
  });
});

describe('offsetMsgIds', () => {
  const offsets = [0, 8000, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER];
  const messages = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ commitLogOffset: offsets[i % offsets.length]! }));

  it.each(['C0A8C80100002A9F', 'FE80'.repeat(8) + '00002A9F'])(
    'is what the single ids with commas between are, for %s',
    (hostPart) => {
      for (const count of [1, 2, 5, 300, 3]) {
        const single = messages(count).map((m) => offsetMsgId(hostPart, m.commitLogOffset));
        expect(offsetMsgIds(hostPart, messages(count))).toBe(single.join(','));
      }
      expect(offsetMsgIds(hostPart, [])).toBe('');
    },
  );
});

describe('parseUniqKey', () => {
  it('gives undefined for keys that a program chose itself', () => {
    for (const text of ['', 'order-1', 'x'.repeat(32), '0'.repeat(33)]) {
      expect(parseUniqKey(text)).toBeUndefined();
    }
  });
});
