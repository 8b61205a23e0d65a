import { DurableFile, DurableFileUnreadableError, RocketMQError } from '@rocketmq-ts/kernel';
import type { Disk, Logger } from '@rocketmq-ts/kernel';
import { FASTJSON, formatJson, prettyJson, readJson } from '@rocketmq-ts/protocol';
import type { JsonType } from '@rocketmq-ts/protocol';

/** A file that the broker cannot do without exists and cannot be read: starting would forget what it holds. */
export class MetadataUnreadableError extends RocketMQError {
  override readonly code = 'ROCKETMQ_METADATA_UNREADABLE';

  constructor(
    readonly path: string,
    findings: readonly string[],
    options?: ErrorOptions,
  ) {
    super(
      `${path} and its backup cannot be read (${findings.join('; ')}); restore one of them, or remove both to start without what they hold`,
      options,
    );
  }
}

/** A value as Apache's config files show it. */
export const configText = <T>(type: JsonType<T>, value: T): string =>
  prettyJson(formatJson(type, value, FASTJSON));

/**
 * One of Apache's JSON config files (`topics.json` and its like) with its `.bak`.
 * Source: rocketmq 5.x `ConfigManager#persist`, `#load`.
 */
export class MetadataFile<T> {
  private readonly file: DurableFile;

  constructor(
    disk: Disk,
    private readonly logger: Logger,
    readonly path: string,
    private readonly type: JsonType<T>,
  ) {
    this.file = new DurableFile(disk, path);
  }

  /**
   * Reads what was saved last; undefined where nothing ever was.
   * @throws {MetadataUnreadableError} there is a text, but none that can be read.
   */
  async load(): Promise<T | undefined> {
    try {
      const content = await this.file.load((bytes) => this.parse(bytes));
      if (content && content.findings.length > 0) {
        this.logger.warn('a config file could not be read; its backup is used', {
          file: this.path,
          backup: content.path,
          finding: content.findings.join('; '),
        });
      }
      return content?.value;
    } catch (error) {
      if (!(error instanceof DurableFileUnreadableError)) throw error;
      throw new MetadataUnreadableError(this.path, error.findings, { cause: error });
    }
  }

  /**
   * Saves what `content` gives at the time of writing; resolves when it is on stable storage. Calls during a write share
   * the next one. @throws system error
   */
  save(content: () => string): Promise<void> {
    return this.file.save(content);
  }

  private parse(bytes: Buffer): T {
    const text = bytes.toString('utf8');
    if (text.trim() === '') throw new Error('it is empty');
    return readJson(this.type, text);
  }
}
