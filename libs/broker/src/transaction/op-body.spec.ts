import { describe, expect, it } from '@jest/globals';
import { offsetsInOpBody, opBody } from './op-body.js';

describe('the body of an op message', () => {
  it.each([
    ['5,', [5]],
    ['5,6,70,', [5, 6, 70]],
    ['5', [5]],
    ['', []],
    ['5,x,-1,7,,', [5, 7]],
    ['99999999999999999999,3,', [3]],
  ])('%j says %j', (text, offsets) => expect(offsetsInOpBody(text)).toEqual(offsets));

  it('ends with the offset that reaches the limit', () => {
    const offsets = [100, 200, 300, 400];
    expect(opBody(offsets, 0, 5)).toEqual({ text: '100,200,', next: 2 });
    expect(opBody(offsets, 2, 4_096)).toEqual({ text: '300,400,', next: 4 });
    expect(opBody(offsets, 3, 1)).toEqual({ text: '400,', next: 4 });
    expect(opBody(offsets, 4, 1)).toEqual({ text: '', next: 4 });
  });
});
