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
 *  I1  at any moment, also after a kill or a power loss, one of `X`, `X.tmp`, `X.bak` is complete: the new content is
 *      synced before the old one is touched;
 *  I2  content that is there and cannot be read is never taken for absent;
 *  I3  one write at a time; `save` calls during a write share the next one.
 */
export class DurableFile {
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;

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
    for (const path of [this.path, `${this.path}.tmp`, `${this.path}.bak`]) {
      const bytes = await this.disk.readFile(path);
      if (bytes === undefined) continue;
      try {
        return { value: parse(bytes), path, findings };
      } catch (error) {
        // A temporary file that was cut short says nothing: its write was never confirmed.
        if (!path.endsWith('.tmp')) findings.push(`${path}: ${describeError(error)}`);
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

  private async write(content: () => string): Promise<void> {
    const directory = this.path.slice(0, Math.max(1, this.path.lastIndexOf('/')));
    const temporary = `${this.path}.tmp`;
    if (this.path.includes('/')) await this.disk.makeDirectory(directory);
    const file = await this.disk.open(temporary, { create: true });
    try {
      await file.truncate(0);
      await writeSynced(file, Buffer.from(content()));
    } finally {
      await file.close();
    }
    if (await this.disk.exists(this.path)) await this.disk.rename(this.path, `${this.path}.bak`);
    await this.disk.rename(temporary, this.path);
    await this.disk.syncDirectory(this.path.includes('/') ? directory : '.');
  }
}

const writeSynced = (file: DiskFile, bytes: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    const synced = (error: Error | undefined): void => (error ? reject(error) : resolve());
    file.write([bytes], 0, (error) => (error ? reject(error) : file.dataSync(synced)));
  });
