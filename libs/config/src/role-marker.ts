import { type Disk, DurableFile } from '@rocketmq-ts/kernel';
import type { RawSetting } from './config-origin.js';
import type { BrokerRole } from './replication.config.js';

const ROLES: readonly BrokerRole[] = ['ASYNC_MASTER', 'SYNC_MASTER', 'SLAVE'];

/** What a broker remembers of the masters of its group, beside its tables. */
export interface RoleMarker {
  /** Role after a switch, in place of the one that is configured; undefined: there was no switch here. */
  readonly role?: BrokerRole;
  /** Each switch of the group's master counts one up. A master that meets a higher epoch is out of date. */
  readonly epoch: number;
  /** Wall-clock ms at which the epoch began here. */
  readonly sinceMs: number;
  /** Commit-log offset from which on the log is the work of that epoch. */
  readonly fromOffset: number;
}

/** Where the marker of a store is. */
export const roleMarkerPath = (storePath: string): string =>
  `${storePath}/config/rocketmq-ts.role.json`;

/** The file that says which role a broker has since the last switch. It outranks the configuration. */
export class RoleMarkerFile {
  private readonly file: DurableFile;
  readonly path: string;

  constructor(disk: Disk, storePath: string) {
    this.path = roleMarkerPath(storePath);
    this.file = new DurableFile(disk, this.path);
  }

  /** @returns undefined where there is none. @throws {DurableFileUnreadableError} neither it nor its backup is sound. */
  async load(): Promise<RoleMarker | undefined> {
    return (await this.file.load((bytes) => parse(bytes.toString('utf8'), this.path)))?.value;
  }

  /** Resolves when the marker is on stable storage. */
  save(marker: RoleMarker): Promise<void> {
    return this.file.save(() => `${JSON.stringify(marker, undefined, 2)}\n`);
  }
}

/** The settings that a marker takes the place of. */
export function settingsOfMarker(marker: RoleMarker | undefined, path: string): RawSetting[] {
  if (marker?.role === undefined) return [];
  const origin = { kind: 'marker' as const, text: `${path} (epoch ${marker.epoch})` };
  const role = { key: 'brokerRole', value: marker.role, origin };
  // A slave keeps the id that the configuration gives it: there may be several.
  return marker.role === 'SLAVE' ? [role] : [role, { key: 'brokerId', value: '0', origin }];
}

function parse(text: string, path: string): RoleMarker {
  const raw: unknown = JSON.parse(text);
  const { role, epoch, sinceMs, fromOffset } = (raw ?? {}) as Partial<Record<string, unknown>>;
  const sound =
    (role === undefined || ROLES.includes(role as BrokerRole)) &&
    isCount(epoch) &&
    isCount(fromOffset) &&
    isCount(sinceMs);
  if (!sound) throw new Error(`${path} is no marker of a role`);
  return {
    ...(role === undefined ? {} : { role: role as BrokerRole }),
    epoch,
    sinceMs,
    fromOffset,
  };
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;
