import type { Clock, Disk, DiskDone, DiskEntry, DiskFile, DiskSpace } from '@rocketmq-ts/kernel';
import { SECTOR_BYTES, SimulatedFile } from './simulated-file.js';
import type { SimulatedRandom } from './simulated-random.js';

/** Operations that a test can make fail. */
export type DiskOperation =
  | 'open'
  | 'write'
  | 'read'
  | 'dataSync'
  | 'truncate'
  | 'rename'
  | 'remove'
  | 'syncDirectory'
  | 'makeDirectory';

/** Decides the fate of one operation: a system error code makes it fail, undefined lets it through. */
export type DiskFault = (operation: DiskOperation, path: string) => string | undefined;

/** A change of the directory tree that is not known to be on stable storage. */
type TreeChange =
  | { readonly kind: 'create'; readonly path: string; readonly file: SimulatedFile }
  | { readonly kind: 'remove'; readonly path: string; readonly file: SimulatedFile | undefined }
  | {
      readonly kind: 'rename';
      readonly from: string;
      readonly to: string;
      readonly file: SimulatedFile;
      readonly replaced: SimulatedFile | undefined;
    };

/**
 * A disk in memory that can fail, fill up, be killed and lose power, all by seed.
 *
 * What it promises after `losePower` is what POSIX promises, not what a friendly filesystem does: bytes not synced keep or
 * lose each 512-byte sector by chance; a file created, renamed or removed counts only from the sync of its directory on,
 * except that an unsynced prefix of such changes may have been written back. A failed `dataSync` drops the dirty bytes and
 * the next one reports success, as Linux does.
 */
export class SimulatedDisk implements Disk {
  private files = new Map<string, SimulatedFile>();
  private directories = new Set<string>(['/']);
  private changes: TreeChange[] = [];
  private locks = new Set<string>();
  /** Operations under way: called with whether the process still lives. */
  private underWay: { finish: () => void; halfWay: (() => void) | undefined }[] = [];
  /** Handles of an earlier life do nothing. */
  private life = 0;

  fault: DiskFault = () => undefined;
  /** Bytes that all files together may take before `ENOSPC`. */
  capacityBytes = Number.MAX_SAFE_INTEGER;
  /** Longest time that an operation takes. */
  latencyMsMax = 0;

  constructor(
    private readonly clock: Clock,
    private readonly random: SimulatedRandom,
  ) {}

  // --- what a test does to it ---

  /** `kill -9`: operations under way happen, happen in part, or not; what was written stays. */
  kill(): void {
    this.life++;
    for (const { finish, halfWay } of this.underWay) {
      const fate = this.random.below(3);
      if (fate === 0) finish();
      else if (fate === 1) halfWay?.();
    }
    this.underWay = [];
    this.locks.clear();
  }

  /** The power goes: as `kill`, and what was not synced may be gone. */
  losePower(): void {
    this.kill();
    const kept = this.random.below(this.changes.length + 1);
    for (const change of this.changes.slice(kept).reverse()) this.undo(change);
    this.changes = [];
    for (const file of this.files.values()) file.losePower(() => this.random.chance(0.5));
  }

  /** An independent copy of what the disk holds now; nothing is under way in it. */
  fork(random: SimulatedRandom): SimulatedDisk {
    const fork = new SimulatedDisk(this.clock, random);
    const copies = new Map<SimulatedFile, SimulatedFile>();
    const copyOf = (file: SimulatedFile): SimulatedFile => {
      let copy = copies.get(file);
      if (copy === undefined) copies.set(file, (copy = file.copy()));
      return copy;
    };
    for (const [path, file] of this.files) fork.files.set(path, copyOf(file));
    fork.directories = new Set(this.directories);
    fork.changes = this.changes.map((change) => {
      switch (change.kind) {
        case 'create':
          return { ...change, file: copyOf(change.file) };
        case 'remove':
          return { ...change, file: change.file && copyOf(change.file) };
        case 'rename':
          return {
            ...change,
            file: copyOf(change.file),
            replaced: change.replaced && copyOf(change.replaced),
          };
      }
    });
    return fork;
  }

  /** Changes stored bytes behind everybody's back, as a failing disk does. */
  flipBit(path: string, bit: number): void {
    const file = this.mustFind(path);
    const byte = Buffer.alloc(1);
    file.read(byte, bit >> 3);
    byte.writeUInt8(byte.readUInt8(0) ^ (1 << (bit & 7)), 0);
    file.write(byte, bit >> 3);
    file.sync();
  }

  /** Paths of all files. */
  paths(): string[] {
    return [...this.files.keys()].sort();
  }

  get usedBytes(): number {
    let used = 0;
    for (const file of this.files.values()) used += file.sizeBytes;
    return used;
  }

  private undo(change: TreeChange): void {
    switch (change.kind) {
      case 'create':
        if (this.files.get(change.path) === change.file) this.files.delete(change.path);
        break;
      case 'remove':
        if (change.file) this.files.set(change.path, change.file);
        break;
      case 'rename':
        this.files.set(change.from, change.file);
        if (change.replaced) this.files.set(change.to, change.replaced);
        else this.files.delete(change.to);
    }
  }

  // --- Disk ---

  async open(
    path: string,
    options: { readonly create: boolean; readonly readOnly?: boolean },
  ): Promise<DiskFile> {
    return this.openNow(path, options);
  }

  openNow(
    path: string,
    options: { readonly create: boolean; readonly readOnly?: boolean },
  ): DiskFile {
    this.check('open', path);
    let file = this.files.get(path);
    if (file === undefined) {
      if (!options.create || !this.directories.has(parentOf(path)))
        throw systemError('ENOENT', path);
      file = new SimulatedFile();
      file.modifiedMs = this.clock.nowMs();
      this.files.set(path, file);
      this.changes.push({ kind: 'create', path, file });
    }
    return new SimulatedHandle(this, path, file, this.life);
  }

  async list(path: string): Promise<readonly DiskEntry[]> {
    const prefix = path === '/' ? '/' : `${path}/`;
    const entries = new Map<string, DiskEntry>();
    for (const directory of this.directories) {
      if (
        directory !== path &&
        directory.startsWith(prefix) &&
        !directory.slice(prefix.length).includes('/')
      ) {
        const name = directory.slice(prefix.length);
        entries.set(name, { name, directory: true, sizeBytes: 0, modifiedMs: 0 });
      }
    }
    for (const [filePath, file] of this.files) {
      if (!filePath.startsWith(prefix) || filePath.slice(prefix.length).includes('/')) continue;
      const name = filePath.slice(prefix.length);
      entries.set(name, {
        name,
        directory: false,
        sizeBytes: file.sizeBytes,
        modifiedMs: file.modifiedMs,
      });
    }
    return [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async exists(path: string): Promise<boolean> {
    return this.files.has(path) || this.directories.has(path);
  }

  async makeDirectory(path: string): Promise<void> {
    this.makeDirectoryNow(path);
  }

  makeDirectoryNow(path: string): void {
    this.check('makeDirectory', path);
    for (let at = path; !this.directories.has(at); at = parentOf(at)) this.directories.add(at);
  }

  async readFile(path: string): Promise<Buffer | undefined> {
    const file = this.files.get(path);
    if (file === undefined) return undefined;
    this.check('read', path);
    const bytes = Buffer.alloc(file.sizeBytes);
    file.read(bytes, 0);
    return bytes;
  }

  async rename(from: string, to: string): Promise<void> {
    this.check('rename', from);
    const file = this.mustFind(from);
    this.changes.push({ kind: 'rename', from, to, file, replaced: this.files.get(to) });
    this.files.delete(from);
    this.files.set(to, file);
  }

  async remove(path: string): Promise<void> {
    this.check('remove', path);
    for (const filePath of [...this.files.keys()]) {
      if (filePath !== path && !filePath.startsWith(`${path}/`)) continue;
      this.changes.push({ kind: 'remove', path: filePath, file: this.files.get(filePath) });
      this.files.delete(filePath);
    }
    for (const directory of [...this.directories]) {
      if (directory === path || directory.startsWith(`${path}/`))
        this.directories.delete(directory);
    }
  }

  async syncDirectory(path: string): Promise<void> {
    this.check('syncDirectory', path);
    // A journal is written in order: whatever happened before the newest change in this directory goes with it.
    const newest = this.changes.findLastIndex((change) =>
      (change.kind === 'rename' ? [change.from, change.to] : [change.path]).some(
        (at) => parentOf(at) === path,
      ),
    );
    this.changes.splice(0, newest + 1);
  }

  async space(): Promise<DiskSpace> {
    const totalBytes = Math.min(this.capacityBytes, 2 ** 50);
    return { totalBytes, freeBytes: Math.max(0, totalBytes - this.usedBytes) };
  }

  openFileCountMax(): number | undefined {
    return undefined;
  }

  async tryLock(path: string): Promise<(() => Promise<void>) | undefined> {
    if (this.locks.has(path)) return undefined;
    this.locks.add(path);
    const life = this.life;
    return async () => {
      if (life === this.life) this.locks.delete(path);
    };
  }

  // --- for its handles ---

  /** @throws what the test's fault says. */
  check(operation: DiskOperation, path: string): void {
    const code = this.fault(operation, path);
    if (code !== undefined) throw systemError(code, path);
  }

  isAlive(life: number): boolean {
    return life === this.life;
  }

  /** Runs `work` after the latency; a kill in between decides whether it happens, and `halfWay` what part of it. */
  later(life: number, work: () => void, halfWay?: () => void): void {
    if (!this.isAlive(life)) return;
    const operation = { finish: work, halfWay };
    this.underWay.push(operation);
    const delayMs = this.latencyMsMax === 0 ? 0 : this.random.below(this.latencyMsMax * 100) / 100;
    this.clock.setTimer(delayMs, () => {
      const position = this.underWay.indexOf(operation);
      if (position < 0) return; // the process died meanwhile
      this.underWay.splice(position, 1);
      work();
    });
  }

  /** @throws ENOSPC where growing the file to `sizeBytes` does not fit. */
  checkRoom(file: SimulatedFile, sizeBytes: number, path: string): void {
    if (
      sizeBytes > file.sizeBytes &&
      this.usedBytes + sizeBytes - file.sizeBytes > this.capacityBytes
    )
      throw systemError('ENOSPC', path);
  }

  /** How much of a torn write arrives: some sectors from the front. */
  tornBytes(sizeBytes: number): number {
    return Math.min(
      sizeBytes,
      this.random.below(Math.ceil(sizeBytes / SECTOR_BYTES) + 1) * SECTOR_BYTES,
    );
  }

  now(): number {
    return this.clock.nowMs();
  }

  private mustFind(path: string): SimulatedFile {
    const file = this.files.get(path);
    if (file === undefined) throw systemError('ENOENT', path);
    return file;
  }
}

class SimulatedHandle implements DiskFile {
  private closed = false;

  constructor(
    private readonly disk: SimulatedDisk,
    readonly path: string,
    private readonly file: SimulatedFile,
    private readonly life: number,
  ) {}

  get sizeBytes(): number {
    return this.file.sizeBytes;
  }

  write(buffers: readonly Uint8Array[], position: number, done: DiskDone): void {
    if (!this.disk.isAlive(this.life)) return;
    const bytes = Buffer.concat(buffers);
    this.disk.later(
      this.life,
      () => {
        done(attempt(() => this.put(bytes, position)));
      },
      () => {
        this.file.write(bytes.subarray(0, this.disk.tornBytes(bytes.length)), position);
      },
    );
  }

  writeNow(buffers: readonly Uint8Array[], position: number): void {
    if (this.disk.isAlive(this.life)) this.put(Buffer.concat(buffers), position);
  }

  private put(bytes: Buffer, position: number): void {
    this.mustBeOpen();
    this.disk.check('write', this.path);
    this.disk.checkRoom(this.file, position + bytes.length, this.path);
    if (bytes.length > 0) this.file.write(bytes, position);
    this.file.modifiedMs = this.disk.now();
  }

  read(
    into: Uint8Array,
    position: number,
    done: (error: Error | undefined, bytesRead: number) => void,
  ): void {
    this.disk.later(this.life, () => {
      let bytesRead = 0;
      const error = attempt(() => {
        bytesRead = this.readNow(into, position);
      });
      done(error, bytesRead);
    });
  }

  readNow(into: Uint8Array, position: number): number {
    this.mustBeOpen();
    this.disk.check('read', this.path);
    return this.file.read(into, position);
  }

  dataSync(done: DiskDone): void {
    this.disk.later(this.life, () => {
      const error = attempt(() => {
        this.mustBeOpen();
        this.disk.check('dataSync', this.path);
      });
      // A failed sync loses the dirty pages and reports nothing the next time.
      if (error) this.file.failSync();
      else this.file.sync();
      done(error);
    });
  }

  async truncate(sizeBytes: number): Promise<void> {
    this.truncateNow(sizeBytes);
  }

  truncateNow(sizeBytes: number): void {
    if (!this.disk.isAlive(this.life)) return;
    this.mustBeOpen();
    this.disk.check('truncate', this.path);
    this.disk.checkRoom(this.file, sizeBytes, this.path);
    this.file.truncate(sizeBytes);
    this.file.modifiedMs = this.disk.now();
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  private mustBeOpen(): void {
    if (this.closed) throw systemError('EBADF', this.path);
  }
}

function attempt(work: () => void): Error | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

const systemError = (code: string, path: string): Error =>
  Object.assign(new Error(`${code}: simulated, ${path}`), { code, path });
