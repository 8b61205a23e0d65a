import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeRecords } from '@rocketmq-ts/protocol';
import { NodeClock, NodeDisk } from '@rocketmq-ts/platform';
import { RecordingLogger } from '@rocketmq-ts/testing';
import { MessageStore } from '../../src/message-store.js';
import type { ReadResult, StoreQueue } from '../../src/message-store.types.js';
import { bodyOf } from '@rocketmq-ts/testing/store';

/** `STORE_KILLS=200` makes a campaign of it. */
const KILLS = Number(process.env['STORE_KILLS'] ?? 4);
const REPOSITORY = join(import.meta.dirname, '../../../..');
const TOPIC = 'Killed';

interface Told {
  readonly uniqKey: string;
  readonly body: string;
}

describe('a store whose process is killed', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'store-kill-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  /** Runs the appender until it is killed. @returns what it said was acknowledged, by queue and offset */
  const runAndKill = (life: number, mode: string, afterMs: number): Promise<Map<string, Told>> =>
    new Promise((resolve, reject) => {
      const told = join(root, `told-${life}`);
      const child = spawn(
        process.execPath,
        [
          '--import',
          join(REPOSITORY, 'tools/dev/register.mjs'),
          join(import.meta.dirname, 'appender.ts'),
          root,
          `${life}`,
          mode,
          told,
        ],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      );
      let text = '';
      let errors = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        const wasOpen = text.startsWith('open\n');
        text += chunk;
        if (!wasOpen && text.startsWith('open\n')) setTimeout(() => child.kill('SIGKILL'), afterMs);
      });
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
      child.on('close', (_code, signal) => {
        if (signal !== 'SIGKILL') {
          reject(new Error(`the appender ended by itself: ${errors}`));
          return;
        }
        const acked = new Map<string, Told>();
        const lines = readFileSync(told, 'latin1');
        // The last line may be cut off by the kill.
        for (const line of lines.slice(0, lines.lastIndexOf('\n') + 1).split('\n')) {
          const [queueId, queueOffset, uniqKey, body] = line.split(' ');
          if (body !== undefined)
            acked.set(`${queueId} ${queueOffset}`, { uniqKey: uniqKey!, body });
        }
        resolve(acked);
      });
    });

  const readAll = async (store: MessageStore): Promise<Map<string, string>> => {
    const found = new Map<string, string>();
    for (const queue of store.queuesOf(TOPIC)) {
      let queueOffset = queue.minOffset;
      while (queueOffset < queue.maxOffset) {
        const result = await read(store, queue, queueOffset);
        for (const message of decodeRecords(Buffer.concat(result.pieces))) {
          found.set(`${queue.queueId} ${message.queueOffset}`, bodyOf(message));
        }
        expect(result.status).toBe('FOUND');
        queueOffset = result.nextQueueOffset;
        result.release();
      }
    }
    return found;
  };
  const read = (store: MessageStore, queue: StoreQueue, queueOffset: number): Promise<ReadResult> =>
    new Promise((resolve) =>
      store.read({ queue, queueOffset, maxCount: 1000, maxBytes: 1 << 20 }, resolve),
    );

  /** A sample of the keys of all lives leads to their messages. */
  const checkKeys = async (store: MessageStore, told: readonly Told[]): Promise<void> => {
    for (let i = 0; i < told.length; i += Math.ceil(told.length / 50)) {
      const { uniqKey, body } = told[i]!;
      const { records } = await store.query(TOPIC, uniqKey, 10, 0, Number.MAX_SAFE_INTEGER);
      const bodies = records.map(({ bytes }) => bodyOf(decodeRecords(bytes)[0]!));
      expect([uniqKey, bodies]).toEqual([uniqKey, [body]]);
    }
  };

  it.each(['ASYNC', 'SYNC'])(
    'has every acknowledged message in mode %s, at its place, after each kill (P1)',
    async (mode) => {
      const acked = new Map<string, Told>();
      const logger = new RecordingLogger();
      for (let life = 0; life < KILLS; life++) {
        const said = await runAndKill(life, mode, 30 + ((life * 73) % 400));
        for (const [place, told] of said) {
          expect(acked.has(place)).toBe(false);
          acked.set(place, told);
        }
        const store = await MessageStore.open(
          { disk: new NodeDisk(), clock: new NodeClock(), logger },
          {
            rootPath: root,
            storeHostBytes: Buffer.alloc(8),
            segmentSizeBytes: 4 << 20,
            consumeQueueFileUnitCount: 2_000,
            bootId: 'one',
            transferLimits: { inMemoryCountMax: 1000, inMemoryBytesMax: 1 << 20 },
          },
        );
        const found = await readAll(store);
        for (const [place, { body }] of acked) {
          if (found.get(place) !== body)
            expect([life, place, found.get(place)]).toEqual([life, place, body]);
        }
        expect(await store.verify()).toEqual([]);
        await checkKeys(store, [...acked.values()]);
        await store.close();
      }
      expect(acked.size).toBeGreaterThan(100 * KILLS);
      expect(logger.lines.filter((line) => line.level === 'error')).toEqual([]);
    },
    60_000 + KILLS * 5_000,
  );
});
