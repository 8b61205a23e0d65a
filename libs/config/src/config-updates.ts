import { type Disk, DurableFile } from '@rocketmq-ts/kernel';
import type { LoadedConfig } from './loaded-config.js';
import { formatProperties, parseProperties } from './properties.js';

const HEADER =
  '# Settings changed over the wire. They win over the configuration file; remove a line to fall back to it.\n';

/**
 * Changes that UPDATE_BROKER_CONFIG or UPDATE_NAMESRV_CONFIG make: applied to the running process and kept in a file of
 * their own, so that the operator's file is never rewritten and may be read-only.
 */
export class ConfigUpdates {
  private readonly file: DurableFile;
  private readonly kept = new Map<string, string>();

  /** @param path the path that was given to `loadConfig` as `updatesPath`. */
  constructor(
    disk: Disk,
    path: string,
    private readonly config: LoadedConfig,
  ) {
    this.file = new DurableFile(disk, path);
  }

  /** Remembers what earlier runs changed, so that the next save does not lose it. Call it once, before `apply`. */
  async load(): Promise<void> {
    const content = await this.file.load((bytes) => parseProperties(bytes.toString('utf8')));
    for (const { key, value } of content?.value ?? []) this.kept.set(key, value);
  }

  /**
   * Applies a body of `key=value` lines, all or none, and saves it.
   * @returns our names of the settings whose value is now another.
   * @throws {ConfigError} a key is not reloadable or a value does not fit; nothing was changed.
   * @throws system error: applied, but not saved.
   */
  async apply(text: string, source: string): Promise<readonly string[]> {
    const changes = new Map(parseProperties(text).map(({ key, value }) => [key, value] as const));
    const changed = this.config.update(changes, source);
    // Kept under our names: a key that is changed by both of its names must not appear twice.
    for (const key of changes.keys()) {
      const name = this.config.nameOf(key)!;
      this.kept.set(name, this.config.textOf(name));
    }
    await this.file.save(() => HEADER + formatProperties(this.kept));
    return changed;
  }
}
