/** Called once when an operation ended; `error` is the system's error (with `code`, e.g. `ENOSPC`) or undefined. */
export type DiskDone = (error: Error | undefined) => void;

/** An open file. Positions and lengths are in bytes. One call carries a batch, never a single message. */
export interface DiskFile {
  readonly path: string;
  /** Current length. Known without asking the system: it changes only through this object. */
  readonly sizeBytes: number;
  /**
   * Writes all `buffers`, one after the other, from `position` on. Short writes are continued inside. The buffers must
   * stay untouched until `done`. `done` may be called before `write` returns.
   */
  write(buffers: readonly Uint8Array[], position: number, done: DiskDone): void;
  /** As `write`, on the calling thread: for batches so small that a hand-over would cost more. @throws system error */
  writeNow(buffers: readonly Uint8Array[], position: number): void;
  /** Reads up to `into.length` bytes; fewer only at the end of the file. */
  read(
    into: Uint8Array,
    position: number,
    done: (error: Error | undefined, bytesRead: number) => void,
  ): void;
  /** As `read`, on the calling thread. @returns bytes read. @throws system error */
  readNow(into: Uint8Array, position: number): number;
  /** `fdatasync`: everything written before this call is on stable storage when `done` comes without an error. */
  dataSync(done: DiskDone): void;
  /** Sets the length; growing gives a sparse hole that reads as zeros. */
  truncate(sizeBytes: number): Promise<void>;
  /** As `truncate`, on the calling thread. @throws system error */
  truncateNow(sizeBytes: number): void;
  close(): Promise<void>;
}

/** What is known of a path. */
export interface DiskEntry {
  readonly name: string;
  readonly directory: boolean;
  readonly sizeBytes: number;
  /** Wall-clock ms of the last change of the content. */
  readonly modifiedMs: number;
}

/** Space of the filesystem that holds a path, in bytes: what an ordinary user may use, and what of that is free. */
export interface DiskSpace {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** Files. Paths are absolute or relative to the process; parents must exist unless said otherwise. */
export interface Disk {
  /** Opens for reading and writing. `create` makes an empty file where there is none. @throws system error */
  open(
    path: string,
    options: { readonly create: boolean; readonly readOnly?: boolean },
  ): Promise<DiskFile>;
  /** As `open`, on the calling thread: for small files found on the way of a request. */
  openNow(
    path: string,
    options: { readonly create: boolean; readonly readOnly?: boolean },
  ): DiskFile;
  /** Entries of a directory, sorted by name; an absent directory is empty. */
  list(path: string): Promise<readonly DiskEntry[]>;
  exists(path: string): Promise<boolean>;
  makeDirectory(path: string): Promise<void>;
  makeDirectoryNow(path: string): void;
  /** Whole content of a small file, or undefined where there is none. */
  readFile(path: string): Promise<Buffer | undefined>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a directory with all it holds. Absent is fine. */
  remove(path: string): Promise<void>;
  /** Makes creations, renames and removals inside a directory durable. */
  syncDirectory(path: string): Promise<void>;
  space(path: string): Promise<DiskSpace>;
  /** How many files and connections together the process may have open; undefined where the system does not say. */
  openFileCountMax(): number | undefined;
  /**
   * Takes the exclusive lock that guards a store directory, on byte 0 of `path` (created when absent), in the way that
   * Java's `FileChannel.tryLock(0, 1, false)` sees. @returns release function, or undefined where another process holds it.
   */
  tryLock(path: string): Promise<(() => Promise<void>) | undefined>;
}
