import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catchUpFigures, growthOf } from './catch-up-figures.mjs';

/** A master at 1 GB that grows by 100 MB/s; a slave that begins after a second and copies at 400 MB/s until it is there. */
function samplesUntil(seconds, firstOffset = 0) {
  const samples = [];
  for (let atMs = 0; atMs <= seconds * 1000; atMs += 25) {
    const master = 1e9 + atMs * 1e5;
    const slave = Math.min(master, firstOffset + Math.max(0, atMs - 1000) * 4e5);
    samples.push({ atMs, master, slave, slaveFirst: firstOffset });
  }
  return samples;
}

const nearly = (value, expected, share = 0.02) =>
  assert.ok(Math.abs(value / expected - 1) < share, `${value}, not ${expected}`);

test('catching up is counted from the first bytes until the slave is near', () => {
  const figures = catchUpFigures(samplesUntil(20));
  assert.equal(figures.isCaughtUp, true);
  nearly(figures.mbPerSecond, 400);
  nearly(figures.masterMbPerSecond, 100);
  // 1.1 GB that shrink by 300 MB a second
  nearly(figures.seconds, 1.1 / 0.3);
  nearly(figures.copiedMb, 1467);
});

test('a slave that begins inside the log is judged by what it copies', () => {
  const figures = catchUpFigures(samplesUntil(20, 8e8));
  nearly(figures.mbPerSecond, 400);
  nearly(figures.behindAtFirstMb, 292);
});

test('a slave that does not get there in time says so', () => {
  const figures = catchUpFigures(samplesUntil(2));
  assert.equal(figures.isCaughtUp, false);
  nearly(figures.mbPerSecond, 400);
});

test('a slave without a byte is no figure', () => {
  assert.throws(() => catchUpFigures(samplesUntil(0.9)), /got nothing/);
  assert.throws(() => catchUpFigures(samplesUntil(1.025)), /too few samples/);
});

test('the growth is that of the middle, without start and end', () => {
  const rising = samplesUntil(4).map((sample) => ({ ...sample }));
  for (const sample of rising.slice(0, 30)) sample.master = 1e9;
  nearly(growthOf(rising), 100);
});
