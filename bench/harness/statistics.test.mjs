import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, median, pairedRatios, slope, spread } from './statistics.mjs';

test('median takes the middle, or the mean of the middle two, whatever the order', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([10, 1, 2, 4]), 3);
  assert.ok(Number.isNaN(median([])));
});

test('spread of nothing is null', () => {
  assert.equal(spread([]), null);
  assert.deepEqual(spread([3, 1, 2]), { median: 2, min: 1, max: 3, count: 3 });
});

test('ratios are paired by round and leave out rounds that lack a side', () => {
  assert.deepEqual(pairedRatios([200, undefined, 90], [100, 100, 30]), [2, 3]);
  assert.deepEqual(pairedRatios([200], [undefined]), []);
  assert.deepEqual(pairedRatios([1], [0]), []);
});

test('a target is judged in its own direction, limits included', () => {
  const faster = { metric: 'throughput', kind: 'ratio', better: 'higher', floor: 1.5, aim: 2 };
  assert.equal(judge(faster, 2), 'aim');
  assert.equal(judge(faster, 1.5), 'floor');
  assert.equal(judge(faster, 1.49), 'miss');
  const smaller = { metric: 'rssMb', kind: 'ratio', better: 'lower', floor: 0.6, aim: 0.35 };
  assert.equal(judge(smaller, 0.35), 'aim');
  assert.equal(judge(smaller, 0.6), 'floor');
  assert.equal(judge(smaller, 0.61), 'miss');
  assert.equal(judge(smaller, undefined), 'none');
});

test('an aim without a floor cannot be missed, and no target is information', () => {
  assert.equal(judge({ better: 'lower', aim: 9 }, 12), 'info');
  assert.equal(judge({ better: 'lower', aim: 9 }, 9), 'aim');
  assert.equal(judge({ better: 'lower' }, 1), 'info');
});

test('slope finds the growth of a line and the flatness of a constant', () => {
  assert.equal(slope([[0, 1], [1, 3], [2, 5]]), 2); // prettier-ignore
  assert.equal(slope([[0, 7], [5, 7]]), 0); // prettier-ignore
  assert.equal(slope([[0, 7]]), 0);
});
