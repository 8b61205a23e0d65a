import type { Clock } from '@rocketmq-ts/kernel';
import { DataVersion, formatJson } from '@rocketmq-ts/protocol';
import { initialVersion, nextVersion } from '../metadata/data-version.js';

/** Which state of the configuration is in force. Source: rocketmq 5.x `Configuration#getDataVersionJson`. */
export class ConfigVersion {
  private version: DataVersion;

  constructor(private readonly clock: Clock) {
    this.version = initialVersion(clock);
  }

  next(): void {
    this.version = nextVersion(this.version, this.clock);
  }

  /** As GET_BROKER_CONFIG gives it. */
  text(): string {
    return formatJson(DataVersion, this.version);
  }
}
