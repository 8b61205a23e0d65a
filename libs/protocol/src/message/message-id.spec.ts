import { describe, expect, it } from '@jest/globals';
import { parseOffsetMsgId, parseUniqKey } from './message-id.js';

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

describe('parseUniqKey', () => {
  it('gives undefined for keys that a program chose itself', () => {
    for (const text of ['', 'order-1', 'x'.repeat(32), '0'.repeat(33)]) {
      expect(parseUniqKey(text)).toBeUndefined();
    }
  });
});
