/** Facts about this machine, and its disk brought to rest. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
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

function dirtyMebibytes() {
  const info = readFileSync('/proc/meminfo', 'utf8');
  const kib = (key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return (kib('Dirty') + kib('Writeback')) / 1024;
}

/** Writes everything back and waits until the disk has nothing left to do (30 s at most). */
export async function settleDisk() {
  await runToEnd('sync', []);
  for (let waited = 0; waited < 60 && dirtyMebibytes() > 24; waited++) await sleep(500);
  await sleep(500);
}

let setAsideCount = 0;

/**
 * Empties all files of a directory and moves it out of the way, to be removed with the directory around it at the end of
 * the run. Removed at once, thousands of files would be a burden on whoever comes next: ext4 without a journal gives no inode
 * away again for minutes, and looks at each of those for every file and directory that is made (20 µs become 500).
 */
export function setAside(directory) {
  if (!existsSync(directory)) return;
  for (const name of readdirSync(directory, { recursive: true })) {
    const file = path.join(directory, name);
    if (statSync(file).isFile()) truncateSync(file);
  }
  renameSync(directory, `${directory}.spent-${setAsideCount++}`);
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
