import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildRows, markdownTable, textTable } from './report.mjs';
import { points, selectPoints } from './points.mjs';
import { sessions } from './sessions.mjs';
import { baselineOf, compareWithBaseline } from './regression.mjs';

function resultWith(throughputRatio, p99Ratio) {
  const rounds = [1, 2, 3].map(() => ({
    ours: { 'send-8x64': { throughput: throughputRatio * 50_000, p99Ms: p99Ratio * 30 } },
    apache: { 'send-8x64': { throughput: 50_000, p99Ms: 30 } },
  }));
  return {
    machine: { cpu: 'x', cores: 2, commit: 'c', date: 'd' },
    settings: { pace: 'full', rounds: 3 },
    rows: buildRows(selectPoints(['send-8x64']), rounds),
  };
}

function worseMetrics(now) {
  const { compared } = compareWithBaseline(now, baselineOf(resultWith(2, 0.4)));
  return compared.filter((row) => row.isWorse).map((row) => row.metric);
}

test('a run within the tolerance passes', () => {
  assert.deepEqual(worseMetrics(resultWith(1.71, 0.47)), []);
});

test('a throughput ratio under 0.85 of the baseline fails', () => {
  assert.deepEqual(worseMetrics(resultWith(1.69, 0.4)), ['throughput']);
});

test('a latency ratio above 1.2 times the baseline fails', () => {
  assert.deepEqual(worseMetrics(resultWith(2, 0.49)), ['p99Ms']);
});

test('a point that the run lacks is reported as missing, not as passed', () => {
  const baseline = baselineOf(resultWith(2, 0.4));
  const { compared, missing } = compareWithBaseline({ rows: [] }, baseline);
  assert.equal(compared.length, 0);
  assert.deepEqual(missing.map((row) => row.metric), ['throughput', 'p99Ms']); // prettier-ignore
});

test('a run of one side, or a quick one, is refused as a baseline', () => {
  const oneSided = resultWith(2, 0.4);
  oneSided.rows = buildRows(selectPoints(['send-8x64']), [{ ours: {} }]);
  assert.throws(() => baselineOf(oneSided), /one side/);
  const quick = resultWith(2, 0.4);
  quick.settings.pace = 'quick';
  assert.throws(() => baselineOf(quick), /quick/);
});

test('the table says what was reached and what went wrong', () => {
  const rounds = [
    {
      ours: { 'send-8x64': { throughput: 75_000, p99Ms: 9, errors: 2, unanswered: 1 } },
      apache: { 'send-8x64': { failure: 'did not start' } },
    },
    {
      ours: { 'send-8x64': { throughput: 75_000, p99Ms: 9 } },
      apache: { 'send-8x64': { throughput: 50_000, p99Ms: 30 } },
    },
  ];
  const rows = buildRows(selectPoints(['send-8x64']), rounds);
  const throughput = rows.find((row) => row.metric === 'throughput');
  assert.equal(throughput.verdict, 'miss');
  assert.deepEqual(throughput.errors, { ours: 3, failures: ['apache: did not start'] });
  assert.equal(rows.find((row) => row.metric === 'p99Ms').verdict, 'aim');
  assert.match(textTable(rows), /75 000 \(75 000–75 000\) +1\.50 .*MISS; ours: 3 errors/);
  assert.equal(markdownTable(rows).split('\n').length, rows.length + 2);
});

test('every point has a session, every name is there once, unknown names are refused', () => {
  for (const point of points) assert.ok(sessions[point.session], point.session);
  assert.equal(new Set(points.map((point) => point.name)).size, points.length);
  assert.throws(() => selectPoints(['send-8x64', 'nonsense']), /nonsense/);
  assert.ok(selectPoints(undefined).every((point) => !point.isOptional));
});
