/**
 * What is measured, by name, with the floor and the aim of each figure.
 *
 * A target judges one metric of a point: `ratio` is ours divided by Apache's of the same round,
 * `absolute` is our own figure. `better` says which direction is good. Without floor and aim a
 * metric is shown for information.
 */

/** @typedef {{metric: string, kind: 'ratio'|'absolute', better: 'higher'|'lower', floor?: number, aim?: number}} Target */

/**
 * @typedef {object} Point
 * @property {string} name
 * @property {string} session points of one session share a freshly started pair of processes
 * @property {string} title
 * @property {string} [apacheSaw] what Apache showed when the targets were set, as orientation
 * @property {Record<string, unknown>} [load] options of the load generator, where it is all that is run
 * @property {Target[]} targets
 * @property {boolean} [isOptional] run only when named: long, or needs much disk
 */

const higher = (metric, floor, aim) => ({ metric, kind: 'ratio', better: 'higher', floor, aim });
const lower = (metric, floor, aim) => ({ metric, kind: 'ratio', better: 'lower', floor, aim });
const atMost = (metric, floor, aim) => ({ metric, kind: 'absolute', better: 'lower', floor, aim });
const atLeast = (metric, floor, aim) => ({
  metric,
  kind: 'absolute',
  better: 'higher',
  floor,
  aim,
});

const third = 1 / 3;

/** @returns {Point} */
function sendPoint(name, session, title, load, targets, apacheSaw) {
  return { name, session, title, load: { mode: 'send', ...load }, targets, apacheSaw };
}

/** @type {Point[]} */
export const points = [
  sendPoint(
    'send-8x64',
    'send',
    'send 8×64, async flush',
    { connections: 8, inFlight: 64 },
    [
      higher('throughput', 1.6, 2),
      lower('p50Ms'),
      lower('p99Ms', 0.5, third),
      atMost('cpuMicrosPerMessage', undefined, 9),
    ],
    '53–61 k/s, p50 6–7 ms, p99 32–37 ms, 23 µs CPU per message',
  ),
  sendPoint(
    'send-1x64',
    'send',
    'send 1×64',
    { connections: 1, inFlight: 64 },
    [higher('throughput', 1.5, 2), lower('p99Ms')],
    '48–50 k/s, p99 6 ms',
  ),
  sendPoint(
    'send-64x1',
    'send',
    'send 64×1',
    { connections: 64, inFlight: 1 },
    [higher('throughput', 1.4, 2), lower('p99Ms', 0.7, third)],
    '29–36 k/s, p99 17 ms',
  ),
  sendPoint(
    'send-1x1',
    'send',
    'send 1×1',
    { connections: 1, inFlight: 1 },
    [higher('throughput', 1, 1.3), lower('p50Ms'), lower('p99Ms')],
    '6.3 k/s, p50 144 µs, p99 0.3 ms',
  ),
  sendPoint(
    'send-128b',
    'send',
    'send 8×64, 128 B bodies',
    { connections: 8, inFlight: 64, body: 128 },
    [higher('throughput', 1.5, 2.5), lower('p99Ms')],
    '60–68 k/s',
  ),
  sendPoint(
    'send-batch',
    'send',
    'batches of 32 × 1 KiB, 8×4',
    { connections: 8, inFlight: 4, batch: 32 },
    [higher('throughput', 1, 1.5), lower('p99Ms')],
    '200–220 k/s',
  ),
  sendPoint(
    'send-64k',
    'send',
    'send 8×64, 64 KiB bodies',
    { connections: 8, inFlight: 64, body: 65536 },
    [higher('throughput', 1, 1.25), lower('p99Ms')],
    '4.9 k/s (305 MiB/s)',
  ),
  sendPoint(
    'send-pinned',
    'pinned',
    'send 8×64, broker on one core, load on the other',
    { connections: 8, inFlight: 64 },
    [higher('throughput', 2, 3), lower('p99Ms')],
    '37 k/s',
  ),
  sendPoint(
    'sync-8x64',
    'sync',
    'sync flush 8×64',
    { connections: 8, inFlight: 64 },
    [higher('throughput', 1.5, 2.5), lower('p99Ms')],
    '31–35 k/s',
  ),
  sendPoint(
    'sync-64x1',
    'sync',
    'sync flush 64×1',
    { connections: 64, inFlight: 1 },
    [higher('throughput', 1.3, 2), lower('p99Ms')],
    '18 k/s',
  ),
  sendPoint(
    'sync-1x1',
    'sync',
    'sync flush 1×1',
    { connections: 1, inFlight: 1 },
    [higher('throughput', 1.2, 2), lower('p99Ms')],
    '1.6–2.0 k/s',
  ),
  {
    name: 'send-1000-topics',
    session: 'topics',
    title: 'send 8×64 over 1 000 topics × 8 queues',
    apacheSaw: '30 k/s, half of its one-topic rate',
    load: {
      mode: 'send',
      connections: 8,
      inFlight: 64,
      topic: 'BenchMany',
      topics: 1000,
      queues: 8,
    },
    targets: [
      higher('throughput', 2.5, 4),
      lower('p99Ms'),
      atLeast('shareOfOneTopicRate', 0.9, 0.9),
    ],
  },
  ...[
    ['pull-1x1', 1, 1, '274 k msg/s'],
    ['pull-8x1', 8, 1, '656 k msg/s'],
    ['pull-8x8', 8, 8, '836 k msg/s, 931 MiB/s'],
  ].map(([name, connections, inFlight, apacheSaw]) => ({
    name,
    session: 'pull',
    title: `pull of a 1 M backlog in page cache, 32 a pull, ${connections}×${inFlight}`,
    load: { mode: 'pull', connections, inFlight },
    targets: [higher('throughput', 0.8, 1.1), lower('p99Ms')],
    apacheSaw,
  })),
  {
    name: 'send-beside-cold-scan',
    session: 'cold-scan',
    title: 'send 8×64 beside consumers that read an old backlog at full speed, 8×8',
    targets: [atLeast('shareOfPlainRate'), higher('throughput'), higher('scanned'), lower('p99Ms')],
  },
  {
    name: 'pull-ordered',
    session: 'pull',
    title: 'ordered pull: as pull 8×1, but members that hold the locks of their queues',
    load: { mode: 'pull', connections: 8, inFlight: 1, lockEvery: '2s' },
    targets: [higher('throughput', 0.8, 1.1), atLeast('shareOfPlainPullRate', 0.9, 1)],
  },
  {
    name: 'pop-ack',
    session: 'pop',
    title: 'pop of 32, each message acknowledged by a request of its own, 8×4',
    load: { mode: 'pop', connections: 8, inFlight: 4 },
    targets: [higher('throughput', 1, 2), lower('p99Ms'), lower('cpuMicrosPerMessage')],
  },
  {
    name: 'transactions',
    session: 'transactions',
    title: 'half message and one-way commit, 8×64, against plain sends of the same run',
    load: { mode: 'transaction', connections: 8, inFlight: 64 },
    targets: [
      atLeast('shareOfPlainRate', 0.4, 0.45),
      higher('throughput'),
      lower('p99Ms'),
      lower('cpuMicrosPerMessage'),
    ],
  },
  {
    name: 'end-to-end',
    session: 'end-to-end',
    title: 'end to end, 1 000 msg/s, official producer and push consumer',
    apacheSaw: 'p50 1.0 ms, p99 3.9 ms',
    targets: [lower('p50Ms', 1, 0.5), lower('p99Ms', 1, 0.5)],
  },
  {
    name: 'official-producer',
    session: 'official',
    title: 'benchmark.Producer of the official client, 64 threads, 1 KiB',
    targets: [higher('throughput'), lower('meanMs')],
  },
  {
    name: 'official-both',
    session: 'official',
    title: 'benchmark.Consumer beside that producer, 20 threads',
    targets: [higher('consumeTps')],
  },
  {
    name: 'memory-loaded',
    session: 'memory',
    title: 'broker RssAnon under send 8×64, Apache with a 512 MiB heap',
    apacheSaw: '569 MB',
    targets: [lower('rssAnonMb', 0.4, 0.2), lower('rssMb')],
  },
  {
    name: 'memory-at-rest',
    session: 'memory',
    title: 'broker RssAnon at rest, Apache with a 512 MiB heap',
    targets: [lower('rssAnonMb'), lower('rssMb')],
  },
  {
    name: 'nameserver-memory',
    session: 'memory',
    title: 'nameserver RSS, Apache with JVM defaults',
    apacheSaw: '166 MB',
    targets: [lower('rssMb', 0.6, 0.35)],
  },
  {
    name: 'broker-start',
    session: 'start',
    title: 'broker start to first acknowledged send',
    apacheSaw: '2.6–2.8 s',
    targets: [lower('ms', 0.25, 0.125)],
  },
  {
    name: 'cluster-start',
    session: 'start',
    title: 'nameserver and broker from nothing to first acknowledged send',
    apacheSaw: '4.9–7.6 s',
    targets: [lower('ms', 0.2, 0.1)],
  },
  {
    name: 'crash-restart',
    session: 'restart',
    title: 'restart after kill -9 with 2 M messages until a send is accepted',
    apacheSaw: '4.7 s',
    targets: [lower('ms', 1, third)],
  },
  {
    name: 'clean-stop',
    session: 'restart',
    title: 'clean stop with 2 M messages',
    apacheSaw: '19 s',
    targets: [atMost('ms', 2000, 1000), lower('ms')],
  },
  {
    name: 'clean-restart',
    session: 'restart',
    title: 'restart after a clean stop with 2 M messages until a send is accepted',
    apacheSaw: '3 s',
    targets: [lower('ms')],
  },
  {
    name: 'held-pulls',
    session: 'held-pulls',
    title: '10 000 held pulls: CPU seconds per second beyond idle',
    targets: [atMost('extraCpuShare', 0.01, 0.005), lower('cpuShare')],
  },
  {
    name: 'big-store-start',
    session: 'big-store',
    title: 'start of a 50 GB store after a clean stop, against one of 1 GB',
    targets: [atMost('timesSmallStore', 1.5, 1.1), lower('ms')],
    isOptional: true,
  },
  {
    name: 'soak',
    session: 'soak',
    title: 'an hour at 5 000 msg/s: growth of broker RssAnon in the second half',
    targets: [atMost('slopeMbPerHour', 20, 5), lower('rssAnonMb')],
    isOptional: true,
  },
];

/** Two replicas of every message; a share is taken of the same side's async rate with a slave attached, seconds apart. */
function syncDoublePoint(name, connections, inFlight, share, extra, apacheSaw) {
  return {
    name,
    session: 'sync-double',
    title: `sync double write ${connections}×${inFlight}`,
    load: { mode: 'send', connections, inFlight },
    targets: [
      higher('throughput', 2, 2.5),
      lower('p50Ms'),
      lower('p99Ms'),
      atLeast('shareOfAsyncRate', share),
      atLeast('shareOfAloneRate'),
      ...extra,
    ],
    apacheSaw,
  };
}

/** @type {Point[]} */
const pairPoints = [
  syncDoublePoint('sync-double-8x64', 8, 64, 0.9, [], 'share 0.60–0.82, 29–40 k/s'),
  syncDoublePoint('sync-double-64x1', 64, 1, 0.9, [], 'share 0.65–0.77'),
  syncDoublePoint(
    'sync-double-1x1',
    1,
    1,
    undefined,
    [atMost('extraMicrosBeyondRoundTrip', 150)],
    'share 0.50–0.58',
  ),
  {
    name: 'replication-lag',
    session: 'replication-lag',
    title: 'lag of the slave in async mode at half of full load',
    targets: [atMost('lagP99Ms', 10), lower('lagP99Ms'), lower('lagP50Ms'), lower('lagMaxMs')],
  },
  {
    name: 'catch-up',
    session: 'catch-up',
    title: 'an empty slave joins a master with 4 GB that goes on with send 8×64',
    targets: [
      atLeast('mbPerSecond'),
      atLeast('shareOfWanted', 1),
      atLeast('shareOfAloneRate', 0.8),
      atLeast('shareOfAttachedRate'),
      atLeast('copiedMb'),
    ],
  },
  {
    name: 'promotion',
    session: 'promotion',
    title: 'the slave of a killed master becomes the master (Apache: is started again as one)',
    targets: [atMost('readGapMs', 5000, 1000), atMost('sendMs', 5000, 1000), lower('sendMs')],
  },
];
points.push(...pairPoints);

/** How a metric is written, its unit, and how many decimals it deserves. */
export const metricLabels = {
  throughput: ['msg/s', 0],
  meanMs: ['mean ms', 3],
  consumeTps: ['consumed msg/s', 0],
  p50Ms: ['p50 ms', 3],
  p99Ms: ['p99 ms', 2],
  cpuMicrosPerMessage: ['CPU µs/msg', 1],
  shareOfPlainRate: ['of own plain rate', 2],
  scanned: ['msg/s read', 0],
  shareOfOneTopicRate: ['of own one-topic rate', 2],
  shareOfPlainPullRate: ['of own plain pull rate', 2],
  rssAnonMb: ['RssAnon MB', 0],
  rssMb: ['RSS MB', 0],
  ms: ['ms', 0],
  cpuShare: ['CPU s/s', 3],
  extraCpuShare: ['CPU s/s above idle', 3],
  timesSmallStore: ['× small store', 2],
  shareOfAsyncRate: ['of own async rate with a slave', 2],
  shareOfAloneRate: ['of own rate without a slave', 2],
  shareOfAttachedRate: ['of own rate with a slave', 2],
  extraMicrosBeyondRoundTrip: ['µs of p50 beyond async and a round trip', 0],
  lagP50Ms: ['lag p50 ms', 2],
  lagP99Ms: ['lag p99 ms', 2],
  lagMaxMs: ['greatest lag ms', 1],
  mbPerSecond: ['MB/s', 0],
  shareOfWanted: ['of 200 MB/s or 0.8 of the disk', 2],
  copiedMb: ['MB copied', 0],
  readGapMs: ['ms not readable', 0],
  sendMs: ['ms to first send', 0],
  slopeMbPerHour: ['MB per hour', 1],
};

/**
 * Points by name, in the order of the table.
 *
 * @param {string[]|undefined} names undefined: all but the optional ones
 * @throws {Error} on a name that does not exist
 */
export function selectPoints(names) {
  if (!names) return points.filter((point) => !point.isOptional);
  const unknown = names.filter((name) => !points.some((point) => point.name === name));
  if (unknown.length > 0) {
    const known = points.map((point) => point.name).join(' ');
    throw new Error(`no such point: ${unknown.join(', ')}; there are: ${known}`);
  }
  return points.filter((point) => names.includes(point.name));
}
