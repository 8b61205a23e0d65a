import {
  closeSync,
  fdatasync,
  fsyncSync,
  mkdtempSync,
  openSync,
  read,
  rmSync,
  write,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { LoadGate } from '../src/read/load-gate.js';

jest.setTimeout(120_000);

const FILE_BYTES = 64 * 1_024 * 1_024;
const PULLS = 64;
/** A pull of a queue whose records lie far apart reads each by itself. */
const READS_OF_EACH = 32;
const RECORD_BYTES = 1_200;
const PHASE_MS = 2_000;

let folder: string;
let logFd: number;
let syncedFd: number;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'load-gate-'));
  writeFileSync(join(folder, 'log'), Buffer.alloc(FILE_BYTES, 1));
  writeFileSync(join(folder, 'synced'), Buffer.alloc(4_096));
  logFd = openSync(join(folder, 'log'), 'r');
  syncedFd = openSync(join(folder, 'synced'), 'r+');
  fsyncSync(syncedFd);
});
afterAll(() => {
  closeSync(logFd);
  closeSync(syncedFd);
  rmSync(folder, { recursive: true, force: true });
});

/** Reads as scattered pulls do, until told to stop. */
function readScattered(gate: LoadGate): { stop: () => void } {
  let isStopped = false;
  let place = 0;
  const pull = (): void => {
    if (isStopped) return;
    let left = READS_OF_EACH;
    for (let i = 0; i < READS_OF_EACH; i++) {
      place = (place + 7_919 * RECORD_BYTES) % (FILE_BYTES - RECORD_BYTES);
      const from = place;
      gate.enter(() =>
        read(logFd, Buffer.allocUnsafe(RECORD_BYTES), 0, RECORD_BYTES, from, () => {
          gate.leave();
          if (--left === 0) setImmediate(pull);
        }),
      );
    }
  };
  for (let i = 0; i < PULLS; i++) pull();
  return { stop: () => (isStopped = true) };
}

const writeAndSync = (): Promise<void> =>
  new Promise((resolve, reject) =>
    write(syncedFd, Buffer.alloc(4_096), 0, 4_096, 0, (error) =>
      error
        ? reject(error)
        : fdatasync(syncedFd, (failure) => (failure ? reject(failure) : resolve())),
    ),
  );

/** @returns median ms of a write with its sync, beside scattered reads */
async function syncMs(gate: LoadGate): Promise<number> {
  const reading = readScattered(gate);
  const times: number[] = [];
  const startMs = performance.now();
  while (performance.now() - startMs < PHASE_MS) {
    const beganMs = performance.now();
    await writeAndSync();
    times.push(performance.now() - beganMs);
  }
  reading.stop();
  await sleep(300);
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

describe('LoadGate', () => {
  it('keeps writes and syncs from waiting behind scattered reads', async () => {
    const rounds: { gatedMs: number; freeMs: number }[] = [];
    for (let round = 0; round < 3; round++) {
      const gatedMs = await syncMs(new LoadGate());
      rounds.push({ gatedMs, freeMs: await syncMs(new LoadGate(Infinity)) });
    }
    console.table(rounds);
    for (const { gatedMs, freeMs } of rounds) expect(gatedMs).toBeLessThan(freeMs / 2);
  });
});
