import { type Disk, DurableFile, type Logger } from '@rocketmq-ts/kernel';
import { FASTJSON, formatJson, KvConfigFile, prettyJson, readJson } from '@rocketmq-ts/protocol';
import type { KvConfig } from '@rocketmq-ts/routing';

/**
 * Keeps the key-value entries in Apache's `kvConfig.json`, its predecessor in `.bak`.
 * Source: rocketmq 5.5.0 `KVConfigManager#load`, `#persist`.
 */
export class KvConfigStore {
  private readonly file: DurableFile;

  constructor(
    disk: Disk,
    path: string,
    private readonly entries: KvConfig,
    private readonly logger: Logger,
  ) {
    this.file = new DurableFile(disk, path);
  }

  /** @throws {DurableFileUnreadableError} there are entries, but neither file can be read. */
  async load(): Promise<void> {
    const content = await this.file.load((bytes) => readJson(KvConfigFile, bytes.toString('utf8')));
    if (!content) return;
    if (content.findings.length > 0)
      this.logger.warn('key-value entries were read from a backup', {
        file: content.path,
        reason: content.findings.join('; '),
      });
    const dropped = this.entries.load(content.value.configTable);
    if (dropped > 0)
      this.logger.error('key-value entries were left out: too many or too long', { dropped });
  }

  /** Resolves when the entries as they are now, or newer ones, are on disk. @throws system error */
  save(): Promise<void> {
    return this.file.save(() => {
      const configTable = new Map(
        [...this.entries.all()].map(([namespace, table]) => [namespace, new Map(table)]),
      );
      return prettyJson(formatJson(KvConfigFile, { configTable }, FASTJSON));
    });
  }
}
