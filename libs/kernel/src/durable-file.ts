import { describeError } from './errors.js';
import type { Disk, DiskFile } from './seams/disk.js';

/** What `DurableFile.load` found. */
export interface DurableContent<T> {
  readonly value: T;
  /** The file it was read from: the file itself, or `.tmp` or `.bak` beside it. */
  readonly path: string;
  /** Why better files were passed over, one text each; empty in the usual case. */
  readonly findings: readonly string[];
}

/** There are files, but none of them can be read. */
export class DurableFileUnreadableError extends Error {
  override readonly name = 'DurableFileUnreadableError';

  constructor(
    readonly path: string,
    readonly findings: readonly string[],
  ) {
    super(`${path} and its backup cannot be read (${findings.join('; ')})`);
  }
}

/**
 * A small file that is replaced as a whole, with its predecessor as `.bak`.
 *
 * Invariants:
 *  I1  at any moment, also after a kill or a power loss, `load` gives what it gave before or what was saved since: the
 *      new content is synced before the file that was loaded is touched;
 *  I2  content that is there and cannot be read is never taken for absent;
 *  I3  one write at a time; `save` calls during a write share the next one.
 */
export class DurableFile {
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  /** A save was cut off between its renames: `X.tmp` is what everybody goes by, and the next save must not touch it. */
  private temporaryCounts = false;

  constructor(
    private readonly disk: Disk,
    readonly path: string,
  ) {}

  /**
   * Reads what was saved last; undefined where nothing ever was.
   * @param parse throws on content that is not whole.
   * @throws {DurableFileUnreadableError} there is content, but none that `parse` takes.
   */
  async load<T>(parse: (bytes: Buffer) => T): Promise<DurableContent<T> | undefined> {
    const findings: string[] = [];
    // Between the two renames of a save the temporary file is the newest complete one.
    for (const path of [this.path, this.temporaryPath, `${this.path}.bak`]) {
      const bytes = await this.disk.readFile(path);
      if (bytes === undefined) continue;
      try {
        const value = parse(bytes);
        this.temporaryCounts = path === this.temporaryPath;
        return { value, path, findings };
      } catch (error) {
        // A temporary file that was cut short says nothing: its write was never confirmed.
        if (path !== this.temporaryPath) findings.push(`${path}: ${describeError(error)}`);
      }
    }
    if (findings.length > 0) throw new DurableFileUnreadableError(this.path, findings);
    return undefined;
  }

  /** Saves what `content` gives when the write begins; resolves when it is on stable storage. @throws system error */
  save(content: () => string): Promise<void> {
    if (!this.running) {
      const write = this.write(content).finally(() => {
        this.running = undefined;
      });
      this.running = write;
      return write;
    }
    this.next ??= this.running
      .catch(() => undefined) // whoever started that write hears of its failure
      .then(() => {
        this.next = undefined;
        return this.save(content);
      });
    return this.next;
  }

  private get temporaryPath(): string {
    return `${this.path}.tmp`;
  }

  private get directory(): string {
    return this.path.includes('/')
      ? this.path.slice(0, Math.max(1, this.path.lastIndexOf('/')))
      : '.';
  }

  private async write(content: () => string): Promise<void> {
    if (this.temporaryCounts) await this.finishRename();
    if (this.path.includes('/')) await this.disk.makeDirectory(this.directory);
    const file = await this.disk.open(this.temporaryPath, { create: true });
    try {
      await file.truncate(0);
      await writeSynced(file, Buffer.from(content()));
    } finally {
      await file.close();
    }
    if (await this.disk.exists(this.path)) await this.disk.rename(this.path, `${this.path}.bak`);
    await this.finishRename();
  }

  private async finishRename(): Promise<void> {
    await this.disk.rename(this.temporaryPath, this.path);
    this.temporaryCounts = false;
    await this.disk.syncDirectory(this.directory);
  }
}

const writeSynced = (file: DiskFile, bytes: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    const synced = (error: Error | undefined): void => (error ? reject(error) : resolve());
    file.write([bytes], 0, (error) => (error ? reject(error) : file.dataSync(synced)));
  });
