import { describe, expect, it } from '@jest/globals';
import { LoadGate } from './load-gate.js';

describe('LoadGate', () => {
  it('lets two in, the others in turn', () => {
    const gate = new LoadGate();
    const started: number[] = [];
    for (let i = 0; i < 5; i++) gate.enter(() => started.push(i));
    expect(started).toEqual([0, 1]);
    gate.leave();
    expect(started).toEqual([0, 1, 2]);
    gate.leave();
    gate.leave();
    expect(started).toEqual([0, 1, 2, 3, 4]);
    gate.leave();
    gate.leave();
    gate.enter(() => started.push(5));
    gate.enter(() => started.push(6));
    gate.enter(() => started.push(7));
    expect(started).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});
