import { constants } from 'node:fs';
import { type FileHandle, open, readFile, unlink } from 'node:fs/promises';
import { type Server, connect, createServer } from 'node:net';
import { type LockedFile, heldByKernelLock } from './kernel-locks.js';

/** What a locked store file holds: as Apache writes it. Source: `DefaultMessageStore#start`. */
const LOCK_TEXT = 'lock';
/** `O_EXLOCK` of macOS and the BSDs: `open` takes a whole-file lock that Java's locks conflict with. */
const OPEN_WITH_LOCK = 0x20;
const PROBE_TIMEOUT_MS = 2_000;

/** Gives the lock back. */
export type ReleaseLock = () => Promise<void>;

/**
 * Takes the lock that guards a store directory, or says that another process has it.
 *
 * Java's `FileChannel.tryLock(0, 1, false)` is a POSIX record lock, which Node cannot take. What holds instead:
 *
 *  - **macOS, BSD**: the file is opened with the system's own exclusive lock; Java's lock conflicts with it both ways.
 *  - **Linux**: an abstract Unix socket named after device and inode: the kernel gives a name to one process, without a
 *    race, and takes it back when that process dies, however it dies. Names are per network namespace, so a second
 *    socket beside the file (`<path>.owner`) shows an owner in another container on the same machine; between two
 *    containers that start in the same instant it does not decide.
 *    Against Apache's broker: the kernel's table of locks is read, and a lock on the file is respected.
 *  - **Windows**: a named pipe, which behaves as the abstract socket does.
 *
 * Limits: Apache's broker started on Linux *after* ours does not see our lock, and a lock taken in another container
 * (pid namespace) or on another machine over a network file system is not seen.
 *
 * @throws system error, e.g. `EACCES` where the file cannot be written.
 */
export async function takeStoreLock(path: string): Promise<ReleaseLock | undefined> {
  switch (process.platform) {
    case 'darwin':
    case 'freebsd':
    case 'openbsd':
      return takeOpenLock(path);
    default:
      return takeNamedLock(path);
  }
}

async function takeOpenLock(path: string): Promise<ReleaseLock | undefined> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | OPEN_WITH_LOCK;
  const file = await open(path, flags, 0o644).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EAGAIN' || error.code === 'EWOULDBLOCK') return undefined;
    throw error;
  });
  if (!file) return undefined;
  await writeText(file);
  return () => file.close();
}

async function takeNamedLock(path: string): Promise<ReleaseLock | undefined> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o644);
  const held: (() => Promise<void>)[] = [() => file.close()];
  const release: ReleaseLock = async () => {
    for (const giveBack of held.splice(0).reverse()) await giveBack();
  };
  try {
    if (await holdAll(path, file, held)) return release;
  } catch (error) {
    await release();
    throw error;
  }
  await release();
  return undefined;
}

/** Takes every sign in turn; what was taken is in `held`, also when the last one is somebody else's. */
async function holdAll(
  path: string,
  file: FileHandle,
  held: (() => Promise<void>)[],
): Promise<boolean> {
  const { dev, ino } = await file.stat({ bigint: true });
  const identity: LockedFile = { device: dev, inode: ino };
  const name = await holdName(identity);
  if (!name) return false;
  held.push(() => closeServer(name));
  if (process.platform === 'linux') {
    if (heldByKernelLock(await kernelLockTable(), identity)) return false;
    const owner = await holdOwnerSocket(`${path}.owner`);
    if (owner === 'taken') return false;
    if (owner) held.push(() => closeServer(owner));
  }
  await writeText(file);
  return true;
}

function holdName({ device, inode }: LockedFile): Promise<Server | undefined> {
  const name = `rocketmq-ts-store:${device.toString(16)}:${inode}`;
  return bind(
    process.platform === 'win32' ? `\\\\.\\pipe\\${name.replaceAll(':', '-')}` : `\0${name}`,
  );
}

/**
 * Binds `<path>.owner`, replacing one whose process is dead. Undefined where the file system or the length of the path
 * does not allow a socket: the abstract name guards alone then.
 */
async function holdOwnerSocket(path: string): Promise<Server | 'taken' | undefined> {
  switch (await probe(path)) {
    case 'alive':
      return 'taken';
    case 'dead':
      await unlink(path).catch(ignoreAbsent);
      break;
    case 'absent':
      break;
    case 'impossible':
      return undefined;
  }
  try {
    return (await bind(path)) ?? 'taken';
  } catch {
    // A file system without sockets, or a path beyond the 107 bytes a socket's name may have.
    return undefined;
  }
}

function probe(path: string): Promise<'alive' | 'dead' | 'absent' | 'impossible'> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.setTimeout(PROBE_TIMEOUT_MS);
    const end = (state: 'alive' | 'dead' | 'absent' | 'impossible'): void => {
      socket.destroy();
      resolve(state);
    };
    // Somebody listens but is too busy to accept: still alive.
    socket.once('timeout', () => end('alive'));
    socket.once('connect', () => end('alive'));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') end('absent');
      else if (error.code === 'ECONNREFUSED') end('dead');
      else end(error.code === 'EAGAIN' ? 'alive' : 'impossible');
    });
  });
}

/** A listening socket on `name`, or undefined where the name is taken. */
function bind(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((peer) => peer.destroy());
    server.unref();
    server.once('error', (error: NodeJS.ErrnoException) => {
      // Windows says EACCES of a pipe that another process has.
      const taken = process.platform === 'win32' ? 'EACCES' : 'EADDRINUSE';
      if (error.code === taken || error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen({ path: name, exclusive: true }, () => resolve(server));
  });
}

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => server.close(() => resolve()));

const kernelLockTable = (): Promise<string> =>
  readFile('/proc/locks', 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'EACCES') return ''; // no /proc in this sandbox
    throw error;
  });

const ignoreAbsent = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'ENOENT') throw error;
};

async function writeText(file: FileHandle): Promise<void> {
  await file.write(LOCK_TEXT, 0, 'latin1');
  await file.truncate(LOCK_TEXT.length);
}
