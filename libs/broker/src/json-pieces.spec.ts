import { describe, expect, it } from '@jest/globals';
import { ResponseError } from '@rocketmq-ts/remoting';
import { JsonPieces } from './json-pieces.js';

describe('JsonPieces', () => {
  it('gives what was added, in pieces that no character is cut by', () => {
    const json = new JsonPieces();
    const part = 'ä"€𝄞'.repeat(1_000);
    let first = true;
    for (let i = 0; i < 100; i++) first = json.addItem(part, first);
    const pieces = json.pieces();
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.map(String).join('')).toBe(Array.from({ length: 100 }, () => part).join());
    expect(pieces.map((piece) => String(piece).includes('\uFFFD'))).not.toContain(true);
  });

  it('is empty where nothing was added', () => {
    expect(new JsonPieces().pieces()).toEqual([]);
  });

  it('refuses an answer that clients do not take', () => {
    const json = new JsonPieces();
    const part = 'x'.repeat(1024 * 1024);
    for (let i = 0; i < 15; i++) json.add(part);
    expect(() => json.add(part)).toThrow(ResponseError);
  });
});
