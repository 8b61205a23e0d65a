/**
 * Measures the store without a network: `node --expose-gc --import ./tools/dev/register.mjs libs/storage/src/message-store.bench.ts
 * [append|pull|recover|queues] [key=value…]`. Prints one line per run. Uses a folder under the system's temporary directory.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@rocketmq-ts/kernel';
import { NodeClock, NodeDisk } from '@rocketmq-ts/platform';
import { AppendEntry } from './append-entry.js';
import { MessageStore } from './message-store.js';
import type { MessageStoreOptions, StoreOutcome, StoreQueue } from './message-store.types.js';

const [mode = 'append', ...pairs] = process.argv.slice(2);
const settings = new Map(pairs.map((pair) => pair.split('=') as [string, string]));
const setting = (name: string, fallback: number): number => Number(settings.get(name) ?? fallback);

const bodyBytes = setting('body', 1024);
const messages = setting('messages', 1_000_000);
const inFlight = setting('inflight', 512);
const topics = setting('topics', 1);
const queuesPerTopic = setting('queues', 8);
const root = settings.get('root') ?? mkdtempSync(join(tmpdir(), 'store-bench-'));
const keep = settings.has('root');

const options: MessageStoreOptions = {
  rootPath: root,
  storeHostBytes: Buffer.from([127, 0, 0, 1, 0, 0, 0x2a, 0x9f]),
  flushMode: settings.get('flush') === 'SYNC' ? 'SYNC' : 'ASYNC',
  indexEnabled: settings.get('index') !== 'off',
  ...(settings.has('crc') ? { checkCrcOnRead: settings.get('crc') as 'always' | 'never' } : {}),
  bootId: settings.get('boot') ?? 'bench',
  ...(settings.has('zero') ? { zeroAheadBytes: setting('zero', 0) } : {}),
  ...(settings.has('now') ? { writeNowBytesMax: setting('now', 0) } : {}),
  ...(settings.has('tail') ? { tailCacheBytes: setting('tail', 0) } : {}),
  ...(settings.has('files') ? { openQueueFilesMax: setting('files', 0) } : {}),
  transferLimits: { inMemoryDistanceBytes: 2 ** 50 },
};

class Entry extends AppendEntry {
  startedMs = 0;
  constructor(private readonly done: (entry: Entry, outcome: StoreOutcome) => void) {
    super();
  }
  override onStored(outcome: StoreOutcome): void {
    this.done(this, outcome);
  }
}

const clock = new NodeClock();
const logger =
  settings.get('log') === 'on'
    ? { ...silentLogger, debug: console.log, info: console.log, warn: console.log }
    : silentLogger;
const openStore = () => MessageStore.open({ disk: new NodeDisk(), clock, logger }, options);

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function append(store: MessageStore): Promise<void> {
  const queues: StoreQueue[] = [];
  const topicBytes: Buffer[] = [];
  for (let topic = 0; topic < topics; topic++) {
    for (let queueId = 0; queueId < queuesPerTopic; queueId++) {
      queues.push(store.queue(`BenchTopic${topic}`, queueId));
      topicBytes.push(Buffer.from(`BenchTopic${topic}`));
    }
  }
  const body = Buffer.alloc(bodyBytes, 0x61);
  const born = Buffer.from([127, 0, 0, 1, 0, 0, 0x30, 0x39]);
  const latencies: number[] = [];
  const rate = setting('rate', 0);
  const begunMs = performance.now();
  let sent = 0;
  let stored = 0;
  const uniqBase = '7F00000100002A9F0000000000';
  await new Promise<void>((resolve) => {
    const refill: Entry[] = [];
    let scheduled = false;
    const send = (): void => {
      const q = sent % queues.length;
      const entry = new Entry(done);
      const uniq = uniqBase + (sent + 0x100000).toString(16).toUpperCase();
      const properties = Buffer.from(
        `UNIQ_KEY\x01${uniq}\x02CLUSTER\x01DefaultCluster\x02WAIT\x01true\x02`,
        'latin1',
      );
      entry.queue = queues[q]!;
      entry.setTopic(topicBytes[q]!);
      entry.bornTimestampMs = clock.nowMs();
      entry.bornHostBytes = born;
      entry.bodyBytes = body;
      entry.bodyEnd = bodyBytes;
      entry.propertiesBytes = properties;
      entry.propertiesEnd = properties.length;
      entry.indexUniqKey(uniq);
      entry.startedMs = performance.now();
      sent++;
      store.append(entry);
    };
    const pump = (): void => {
      scheduled = false;
      const allowed = rate === 0 ? messages : ((performance.now() - begunMs) / 1000) * rate;
      const count = Math.min(refill.length, Math.max(0, Math.ceil(allowed) - sent));
      refill.splice(0, count);
      for (let i = 0; i < count && sent < messages; i++) send();
      if (refill.length > 0 && sent < messages && !scheduled) {
        scheduled = true;
        setTimeout(pump, 1);
      }
    };
    const done = (entry: Entry, outcome: StoreOutcome): void => {
      if (outcome.kind !== 'OK') throw new Error(JSON.stringify(outcome));
      stored++;
      if (stored % 16 === 0) latencies.push(performance.now() - entry.startedMs);
      if (stored === messages) resolve();
      refill.push(entry);
      if (!scheduled) {
        scheduled = true;
        setImmediate(pump);
      }
    };
    for (let i = 0; i < inFlight; i++) send();
  });
  latencies.sort((one, other) => one - other);
  const at = (share: number): string =>
    (latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(2);
  console.log(`  latency ms p50 ${at(0.5)} p99 ${at(0.99)} max ${at(0.9999)}`);
}

async function pull(store: MessageStore): Promise<void> {
  const perQueue = setting('pullers', 8);
  let got = 0;
  let pulls = 0;
  const each = async (queue: StoreQueue, from: number, to: number): Promise<void> => {
    let offset = from;
    while (offset < to) {
      await new Promise<void>((resolve) => {
        store.read(
          { queue, queueOffset: offset, maxCount: 32, maxBytes: 256 * 1024 * 8 },
          (result) => {
            if (result.status !== 'FOUND') throw new Error(result.status + ' at ' + offset);
            got += result.messageCount;
            pulls++;
            offset = result.nextQueueOffset;
            result.release();
            setImmediate(resolve);
          },
        );
      });
    }
  };
  const started = performance.now();
  const startedCpu = cpuMs();
  const loop = performance.eventLoopUtilization();
  const work: Promise<void>[] = [];
  for (const topic of store.topics()) {
    for (const queue of store.queuesOf(topic)) {
      const span = (queue.maxOffset - queue.minOffset) / perQueue;
      for (let i = 0; i < perQueue; i++) {
        work.push(
          each(
            queue,
            Math.floor(queue.minOffset + i * span),
            Math.floor(queue.minOffset + (i + 1) * span),
          ),
        );
      }
    }
  }
  await Promise.all(work);
  const ms = performance.now() - started;
  const active = performance.eventLoopUtilization(loop).active;
  console.log(
    `pull: ${got} messages, ${pulls} pulls, ${Math.round(got / (ms / 1000))}/s, cpu ${(((cpuMs() - startedCpu) * 1000) / got).toFixed(2)} µs/msg, loop ${((active * 1000) / got).toFixed(2)} µs/msg, chunk reads ${store.stats.logChunkReads}`,
  );
}

async function timedAppend(store: MessageStore): Promise<void> {
  const started = performance.now();
  const startedCpu = cpuMs();
  const loop = performance.eventLoopUtilization();
  await append(store);
  const ms = performance.now() - started;
  const active = performance.eventLoopUtilization(loop).active;
  console.log(
    `append: ${messages} × ${bodyBytes} B, ${inFlight} in flight, ${topics}×${queuesPerTopic} queues: ` +
      `${Math.round(messages / (ms / 1000))}/s, cpu ${(((cpuMs() - startedCpu) * 1000) / messages).toFixed(2)} µs/msg, ` +
      `loop ${((active * 1000) / messages).toFixed(2)} µs/msg, writes ${store.stats.logWrites}, syncs ${store.stats.logSyncs} max ${store.stats.maxSyncMs.toFixed(0)} ms, ` +
      `rss ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB, queue writes ${store.stats.queueWrites}`,
  );
}

try {
  const opened = performance.now();
  const store = await openStore();
  console.log(
    `open: ${(performance.now() - opened).toFixed(0)} ms, log end ${store.commitLogMaxOffset}`,
  );
  if (mode === 'append' || mode === 'both') await timedAppend(store);
  if (mode === 'pull' || mode === 'both') await pull(store);
  if (mode === 'kill') {
    await timedAppend(store);
    process.kill(process.pid, 'SIGKILL');
  }
  if (mode === 'verify') console.log(await store.verify());
  const closing = performance.now();
  await store.close();
  console.log(`close: ${(performance.now() - closing).toFixed(0)} ms`);
} finally {
  if (!keep) rmSync(root, { recursive: true, force: true });
}
