import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { buildSync } from 'esbuild';
import { scratchDirectory } from '../test/scratch-directory.js';
import { deviceText, heldByKernelLock } from './kernel-locks.js';
import { NodeDisk } from './node-disk.js';

const root = scratchDirectory('lock');
const disk = new NodeDisk();

/** A process of its own that takes the lock, says so, and keeps it until it is killed. */
const HOLDER = join(root, 'holder.mjs');
beforeAll(() => {
  const lock = fileURLToPath(new URL('./store-lock.ts', import.meta.url));
  buildSync({
    stdin: {
      contents: `import { takeStoreLock } from ${JSON.stringify(lock)};
        const release = await takeStoreLock(process.argv[2]);
        console.log(release ? 'held' : 'refused');
        setInterval(() => undefined, 1000);
        globalThis.release = release;`,
      resolveDir: root,
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: HOLDER,
  });
});

async function startHolder(
  command: string,
  args: readonly string[],
): Promise<{ holder: ChildProcess; said: string }> {
  const holder = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [text] = (await once(holder.stdout, 'data')) as [Buffer];
  return { holder, said: text.toString().trim() };
}

async function kill(holder: ChildProcess): Promise<void> {
  const gone = once(holder, 'exit');
  holder.kill('SIGKILL');
  await gone;
}

const has = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const linux = process.platform === 'linux';
const withPython = linux && has('python3', '--version') ? it : it.skip;
const withJava = linux && has('java', '--version') ? it : it.skip;

describe('NodeDisk.tryLock', () => {
  it('creates the file with the text that Apache writes, and gives the lock back', async () => {
    const path = join(root, 'fresh');
    const release = await disk.tryLock(path);
    expect(release).toBeDefined();
    expect(readFileSync(path, 'latin1')).toBe('lock');
    expect(await disk.tryLock(path)).toBeUndefined();
    await release!();
    const again = await disk.tryLock(path);
    expect(again).toBeDefined();
    await again!();
    await again!();
  });

  it('leaves nothing behind but the file', async () => {
    const directory = join(root, 'clean');
    await disk.makeDirectory(directory);
    const release = await disk.tryLock(join(directory, 'lock'));
    await release!();
    expect((await disk.list(directory)).map(({ name }) => name)).toEqual(['lock']);
  });

  it('locks each file by itself', async () => {
    const first = await disk.tryLock(join(root, 'one'));
    const second = await disk.tryLock(join(root, 'two'));
    expect([first, second]).not.toContain(undefined);
    await first!();
    await second!();
  });

  it('fails with the system error where the file cannot be made', async () => {
    await expect(disk.tryLock(join(root, 'absent', 'lock'))).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });

  it('is refused while another process holds it and free after kill -9', async () => {
    const path = join(root, 'shared');
    const { holder, said } = await startHolder(process.execPath, [HOLDER, path]);
    expect(said).toBe('held');
    expect(await disk.tryLock(path)).toBeUndefined();
    await kill(holder);
    const release = await disk.tryLock(path);
    expect(release).toBeDefined();
    const second = await startHolder(process.execPath, [HOLDER, path]);
    expect(second.said).toBe('refused');
    await kill(second.holder);
    await release!();
  });

  it('is had by exactly one of many processes that start together', async () => {
    const path = join(root, 'contended');
    const all = await Promise.all(
      Array.from({ length: 4 }, () => startHolder(process.execPath, [HOLDER, path])),
    );
    expect(all.map(({ said }) => said).sort()).toEqual(['held', 'refused', 'refused', 'refused']);
    await Promise.all(all.map(({ holder }) => kill(holder)));
  });

  const inOtherNetwork = linux && has('unshare', '--net', 'true') ? it : it.skip;
  inOtherNetwork(
    'sees an owner in another network namespace, as in another container',
    async () => {
      const path = join(root, 'container');
      const args = ['--net', process.execPath, HOLDER, path];
      const { holder, said } = await startHolder('unshare', args);
      expect(said).toBe('held');
      expect(existsSync(`${path}.owner`)).toBe(true);
      expect(await disk.tryLock(path)).toBeUndefined();
      await kill(holder);
      const release = await disk.tryLock(path);
      expect(release).toBeDefined();
      await release!();
    },
  );

  withPython('respects a POSIX lock and a whole-file lock of another program', async () => {
    for (const call of ['lockf(f, fcntl.LOCK_EX, 1, 0)', 'flock(f, fcntl.LOCK_EX)']) {
      const path = join(root, `foreign-${call.slice(0, 5)}`);
      writeFileSync(path, 'lock');
      const script = `import fcntl,sys;f=open(${JSON.stringify(path)},'r+');fcntl.${call};print('held',flush=True);sys.stdin.read()`;
      const { holder } = await startHolder('python3', ['-c', script]);
      expect(await disk.tryLock(path)).toBeUndefined();
      await kill(holder);
      const release = await disk.tryLock(path);
      expect(release).toBeDefined();
      await release!();
    }
  });

  withJava(
    "respects the lock that Apache's broker takes",
    async () => {
      const path = join(root, 'java');
      const source = join(root, 'Hold.java');
      writeFileSync(
        source,
        `public class Hold { public static void main(String[] a) throws Exception {
           var f = new java.io.RandomAccessFile(a[0], "rw");
           var lock = f.getChannel().tryLock(0, 1, false);
           System.out.println(lock != null && lock.isValid() ? "held" : "refused");
           System.in.read(); } }`,
      );
      const { holder, said } = await startHolder('java', [source, path]);
      expect(said).toBe('held');
      expect(await disk.tryLock(path)).toBeUndefined();
      await kill(holder);
      const release = await disk.tryLock(path);
      expect(release).toBeDefined();
      await release!();
    },
    60_000,
  );
});

describe('heldByKernelLock', () => {
  const file = { device: 0xfe00n, inode: 77n };
  const table = (line: string): string => `1: POSIX  ADVISORY  READ 12 08:01:9 0 EOF\n${line}\n`;

  it('finds locks that cover byte 0 of the file', () => {
    for (const line of [
      '2: POSIX  ADVISORY  WRITE 5685 fe:00:77 0 0',
      '2: FLOCK  ADVISORY  WRITE 5685 fe:00:77 0 EOF',
      '2: OFDLCK ADVISORY  READ -1 fe:00:77 0 EOF',
    ]) {
      expect(heldByKernelLock(table(line), file)).toBe(true);
    }
  });

  it('passes over other files, other bytes, leases and waiting lines', () => {
    for (const line of [
      '2: POSIX  ADVISORY  WRITE 5685 fe:01:77 0 0',
      '2: POSIX  ADVISORY  WRITE 5685 fe:00:78 0 0',
      '2: POSIX  ADVISORY  WRITE 5685 fe:00:77 1 1',
      '2: LEASE  ACTIVE    READ 5685 fe:00:77 0 EOF',
      '2: -> POSIX  ADVISORY  WRITE 5685 fe:00:77 0 0',
      '',
    ]) {
      expect(heldByKernelLock(table(line), file)).toBe(false);
    }
  });

  it('splits device numbers as the system does', () => {
    expect(deviceText(0xfe00n)).toBe('fe:00');
    expect(deviceText(0x801n)).toBe('08:01');
    expect(deviceText((0x1n << 20n) | 0x1ffn)).toBe('01:1ff');
  });
});
