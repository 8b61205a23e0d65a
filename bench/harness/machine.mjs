/** Facts about this machine, and its disk brought to rest. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runToEnd } from './processes.mjs';

function firstLine(command, args, cwd) {
  try {
    // java -version speaks on standard error
    const said = execFileSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    return said.toString().split('\n')[0].trim();
  } catch {
    return 'not there';
  }
}

/** What a reader must know to judge the figures. */
export function describeMachine(repositoryRoot, nodeBinary) {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryGib: Math.round(os.totalmem() / 2 ** 30),
    kernel: `${os.type()} ${os.release()}`,
    node: firstLine(nodeBinary, ['--version']),
    java: firstLine('java', ['--version']),
    go: firstLine('go', ['version']),
    commit: firstLine('git', ['rev-parse', 'HEAD'], repositoryRoot),
    isCommitClean: firstLine('git', ['status', '--porcelain', '-uno'], repositoryRoot) === '',
    date: new Date().toISOString(),
  };
}

/** The sum of some lines of the system's account of its memory, in MiB. */
function memoryMebibytes(...keys) {
  const info = readFileSync('/proc/meminfo', 'utf8');
  const kib = (key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return keys.reduce((sum, key) => sum + kib(key), 0) / 1024;
}

/** Memory that nothing uses, not even the page cache, in MiB. */
export const unusedMebibytes = () => Math.round(memoryMebibytes('MemFree'));

/** Writes everything back and waits until the disk has nothing left to do (30 s at most). */
export async function settleDisk() {
  await runToEnd('sync', []);
  for (let waited = 0; waited < 60 && memoryMebibytes('Dirty', 'Writeback') > 24; waited++)
    await sleep(500);
  await sleep(500);
}

const sequentialMebibytes = 1024;

/** MB/s at which a file of 1 GiB gets to the disk, in writes of 4 MiB and one sync at the end. */
export async function measureSequentialWrite(directory) {
  const file = path.join(directory, 'sequential');
  const sinceMs = performance.now();
  const blocks = sequentialMebibytes / 4;
  await runToEnd('dd', ['if=/dev/zero', `of=${file}`, 'bs=4M', `count=${blocks}`, 'conv=fdatasync']); // prettier-ignore
  const seconds = (performance.now() - sinceMs) / 1000;
  rmSync(file);
  return (sequentialMebibytes * 2 ** 20) / 1e6 / seconds;
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/**
 * A port that is free together with its neighbours: a broker also takes port - 2 (fast) and
 * port + 1 (replication). Stays below the range from which outgoing connections take theirs.
 */
export async function findPort(neighbours = [0]) {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = 15_000 + Math.floor(Math.random() * 16_000);
    const taken = await Promise.all(neighbours.map((distance) => isFree(port + distance)));
    if (taken.every(Boolean)) return port;
  }
  throw new Error('no free ports between 15000 and 31000');
}
