import { RocketMQError, describeError } from '@rocketmq-ts/kernel';
import type { Disk, Logger } from '@rocketmq-ts/kernel';
import { FASTJSON, formatJson, prettyJson, readJson } from '@rocketmq-ts/protocol';
import type { JsonType } from '@rocketmq-ts/protocol';

/** A file that the broker cannot do without exists and cannot be read: starting would forget what it holds. */
export class MetadataUnreadableError extends RocketMQError {
  override readonly code = 'ROCKETMQ_METADATA_UNREADABLE';

  constructor(
    readonly path: string,
    readonly finding: string,
  ) {
    super(
      `${path} and its backup cannot be read (${finding}); restore one of them, or remove both to start without what they hold`,
    );
  }
}

/** A value as Apache's config files show it. */
export const configText = <T>(type: JsonType<T>, value: T): string =>
  prettyJson(formatJson(type, value, FASTJSON));

/**
 * One of Apache's JSON config files (`topics.json` and its like) with its `.bak`.
 *
 * Invariants:
 *  I1  at any moment, also after a kill or power loss, one of `X`, `X.tmp`, `X.bak` is a complete text: the new one is
 *      synced before the old one is touched;
 *  I2  a text that is there and cannot be read is never taken for an absent one;
 *  I3  one write at a time; changes during a write are written by the next.
 *
 * Source: rocketmq 5.x `ConfigManager#persist`, `#load`.
 */
export class MetadataFile<T> {
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;

  constructor(
    private readonly disk: Disk,
    private readonly logger: Logger,
    readonly path: string,
    private readonly type: JsonType<T>,
  ) {}

  /**
   * Reads what was saved last; undefined where nothing ever was.
   * @throws {MetadataUnreadableError} there is a text, but none that can be read.
   */
  async load(): Promise<T | undefined> {
    const findings: string[] = [];
    for (const path of [this.path, `${this.path}.tmp`, `${this.path}.bak`]) {
      const bytes = await this.disk.readFile(path);
      if (bytes === undefined) continue;
      // Only between the two renames is the temporary file the newest; one that was cut short is no finding.
      const temporary = path.endsWith('.tmp');
      try {
        const value = this.parse(bytes);
        if (findings.length > 0) {
          this.logger.warn('a config file could not be read; its backup is used', {
            file: this.path,
            backup: path,
            finding: findings.join('; '),
          });
        }
        return value;
      } catch (error) {
        if (!temporary) findings.push(`${path}: ${describeError(error)}`);
      }
    }
    if (findings.length > 0) throw new MetadataUnreadableError(this.path, findings.join('; '));
    return undefined;
  }

  /**
   * Saves what `content` gives at the time of writing; resolves when it is on stable storage. Calls during a write share
   * the next one. @throws system error
   */
  save(content: () => string): Promise<void> {
    if (!this.running) {
      const write = this.write(content).finally(() => {
        this.running = undefined;
      });
      this.running = write;
      return write;
    }
    this.next ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        return this.save(content);
      });
    return this.next;
  }

  private parse(bytes: Buffer): T {
    const text = bytes.toString('utf8');
    if (text.trim() === '') throw new Error('it is empty');
    return readJson(this.type, text);
  }

  private async write(content: () => string): Promise<void> {
    const bytes = Buffer.from(content());
    const directory = this.path.slice(0, this.path.lastIndexOf('/'));
    await this.disk.makeDirectory(directory);
    const temporary = `${this.path}.tmp`;
    const file = await this.disk.open(temporary, { create: true });
    try {
      await file.truncate(0);
      await new Promise<void>((resolve, reject) => {
        file.write([bytes], 0, (failed) => (failed ? reject(failed) : resolve()));
      });
      await new Promise<void>((resolve, reject) => {
        file.dataSync((failed) => (failed ? reject(failed) : resolve()));
      });
    } finally {
      await file.close();
    }
    if (await this.disk.exists(this.path)) await this.disk.rename(this.path, `${this.path}.bak`);
    await this.disk.rename(temporary, this.path);
    await this.disk.syncDirectory(directory);
  }
}
