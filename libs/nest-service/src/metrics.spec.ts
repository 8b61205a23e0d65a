import { describe, expect, it } from '@jest/globals';
import { Metrics } from './metrics.js';

const textOf = async (metrics: Metrics) => Buffer.concat([...(await metrics.text())]).toString();
const linesOf = async (metrics: Metrics, name: string) =>
  (await textOf(metrics)).split('\n').filter((line) => line.startsWith(name));

describe('Metrics', () => {
  it('writes type, meaning, constant and own labels, in the order of their declaration', async () => {
    const metrics = new Metrics({ cluster: 'c' });
    metrics.counter({ name: 'a_total', help: 'A.\nB\\', labels: ['y', 'x'] }, () => [
      { labels: { x: '1', y: '2' }, value: 3.5 },
      { labels: { x: 'only' }, value: 1e21 },
    ]);
    const text = await textOf(metrics);
    expect(text).toContain(
      '# HELP a_total A.\\nB\\\\\n# TYPE a_total counter\n' +
        'a_total{y="2",x="1",cluster="c"} 3.5\na_total{x="only",cluster="c"} 1e+21\n',
    );
    expect(text).toContain('process_cpu_seconds_total{cluster="c"}');
  });

  it('escapes labels, so that no name can forge a line', async () => {
    const metrics = new Metrics();
    metrics.gauge({ name: 'g', help: 'G.', labels: ['l'] }, () => [
      { labels: { l: 'a"} 1\nevil{x="\\' }, value: 0 },
    ]);
    expect(await linesOf(metrics, 'g')).toEqual(['g{l="a\\"} 1\\nevil{x=\\"\\\\"} 0']);
    expect(await linesOf(metrics, 'evil')).toEqual([]);
  });

  it('takes numbers, promises and lists that come late', async () => {
    const metrics = new Metrics();
    metrics.gauge({ name: 'n', help: '.' }, () => Number.NaN);
    metrics.gauge({ name: 'p', help: '.' }, () => Promise.resolve(-Infinity));
    metrics.gauge({ name: 'late', help: '.', labels: ['i'] }, async function* () {
      for (const i of ['1', '2']) yield await Promise.resolve({ labels: { i }, value: 7 });
    });
    expect(await linesOf(metrics, 'n ')).toEqual(['n NaN']);
    expect(await linesOf(metrics, 'p ')).toEqual(['p -Inf']);
    expect(await linesOf(metrics, 'late')).toEqual(['late{i="1"} 7', 'late{i="2"} 7']);
  });

  it('sums the buckets of histograms up', async () => {
    const metrics = new Metrics({ c: 'x' });
    metrics.histogram({ name: 'h', help: '.', labels: ['l'], bounds: [1, 5] }, () => [
      { labels: { l: 'a' }, counts: [2, 0, 1], sum: 12 },
    ]);
    expect(await linesOf(metrics, 'h')).toEqual([
      'h_bucket{l="a",c="x",le="1"} 2',
      'h_bucket{l="a",c="x",le="5"} 2',
      'h_bucket{l="a",c="x",le="+Inf"} 3',
      'h_sum{l="a",c="x"} 12',
      'h_count{l="a",c="x"} 3',
    ]);
  });

  it('leaves out what is past the limit, and says so', async () => {
    const metrics = new Metrics({}, () => 2);
    metrics.gauge({ name: 'many', help: '.', labels: ['i'] }, () =>
      [1, 2, 3, 4, 5].map((i) => ({ labels: { i: String(i) }, value: i })),
    );
    expect(await linesOf(metrics, 'many')).toEqual(['many{i="1"} 1', 'many{i="2"} 2']);
    expect(await linesOf(metrics, 'rocketmq_metrics_samples_left_out')).toEqual([
      'rocketmq_metrics_samples_left_out 3',
    ]);
  });

  it('is written once for all who ask at the same time, and lets others have turns', async () => {
    let reads = 0;
    let turns = 0;
    const metrics = new Metrics();
    metrics.gauge({ name: 'big', help: '.', labels: ['i'] }, function* () {
      reads++;
      for (let i = 0; i < 10_000; i++) yield { labels: { i: String(i) }, value: i };
    });
    const count = setInterval(() => turns++, 0);
    const [one, two] = await Promise.all([metrics.text(), metrics.text()]);
    clearInterval(count);
    expect(one).toBe(two);
    expect(reads).toBe(1);
    expect(turns).toBeGreaterThan(0);
    await metrics.text();
    expect(reads).toBe(2);
  });

  it('shows the others when one cannot be read, and names it', async () => {
    const metrics = new Metrics();
    metrics.gauge({ name: 'bad', help: '.' }, () => {
      throw new Error('disk');
    });
    metrics.gauge({ name: 'good', help: '.' }, () => 1);
    expect(await linesOf(metrics, 'good')).toEqual(['good 1']);
    expect(await linesOf(metrics, 'rocketmq_metrics_unread')).toEqual([
      'rocketmq_metrics_unread{metric="bad"} 1',
    ]);
  });

  it('refuses a name that is taken', () => {
    const metrics = new Metrics();
    metrics.gauge({ name: 'g', help: '.' }, () => 1);
    expect(() => metrics.counter({ name: 'g', help: '.' }, () => 1)).toThrow(/twice/);
  });
});
