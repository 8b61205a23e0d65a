import { describe, expect, it } from '@jest/globals';
import { decodeRecallHandle, encodeRecallHandle } from './recall-handle.js';

const HANDLE = {
  topic: 'orders',
  brokerName: 'broker-a',
  timestampText: '1700000003001',
  uniqKey: '7F00000100002A9F0000000000000001',
};

describe('a recall handle', () => {
  it('is Apache’s text, with padding', () => {
    const text = encodeRecallHandle(HANDLE);
    expect(Buffer.from(text, 'base64url').toString()).toBe(
      'v1 orders broker-a 1700000003001 7F00000100002A9F0000000000000001',
    );
    expect(text.length % 4).toBe(0);
    expect(text).not.toMatch(/[+/]/);
    expect(decodeRecallHandle(text)).toEqual(HANDLE);
  });

  it.each([
    '',
    'v1',
    '****',
    Buffer.from('v2 a b 1 c').toString('base64url'),
    Buffer.from('v1 a b 1').toString('base64url'),
    Buffer.from('v1 a b 1 ').toString('base64url'),
  ])('is not %j', (text) => {
    expect(decodeRecallHandle(text)).toBeUndefined();
  });
});
