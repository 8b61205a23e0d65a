import { describe, expect, it } from '@jest/globals';
import { byteCountText } from './byte-count-text.js';

describe('byteCountText', () => {
  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_024, '1.0 KiB'],
    [1_536, '1.5 KiB'],
    [1_073_741_824, '1.0 GiB'],
    [252 * 1_073_741_824, '252.0 GiB'],
    [Number.MAX_SAFE_INTEGER, '8.0 PiB'],
  ])('writes %d as %s', (bytes, text) => expect(byteCountText(bytes)).toBe(text));
});
