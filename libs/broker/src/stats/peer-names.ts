import { systemGroups } from '../subscription-group/group-creation.js';

/** Ordinal of V4_1_0_SNAPSHOT: from there on each release has a snapshot and itself, ten patches a minor. */
const REGULAR_FROM = 232;
const RELEASES_OF_4 = 90;
const RELEASES_OF_5 = 100;

/**
 * The name of a client's release, as metrics show it: `v5_5_0`. A peer can send any number; there are as many names as
 * releases. Source: rocketmq 5.5.0 `MQVersion#getVersionDesc`.
 */
export function versionLabel(version: number): string {
  if (!Number.isInteger(version) || version < REGULAR_FROM) return 'v4_0_or_older';
  const release = (version - REGULAR_FROM) >> 1;
  if (release >= RELEASES_OF_4 + RELEASES_OF_5) return 'higher_version';
  const [major, since] = release < RELEASES_OF_4 ? [4, -10] : [5, RELEASES_OF_4];
  const ofMajor = release - since;
  const snapshot = (version - REGULAR_FROM) % 2 === 0 ? '_snapshot' : '';
  return `v${major}_${Math.floor(ofMajor / 10)}_${ofMajor % 10}${snapshot}`;
}

/** Source: rocketmq 5.5.0 `ConsumeType#getTypeCN`. */
export const consumeModeLabel = (consumeType: string): string =>
  consumeType === 'CONSUME_ACTIVELY' ? 'pull' : consumeType === 'CONSUME_POP' ? 'pop' : 'push';

const SYSTEM_GROUPS: ReadonlySet<string> = new Set(
  systemGroups().map(({ groupName }) => groupName),
);

/** Whether the group belongs to the software. Source: rocketmq 5.5.0 `BrokerMetricsManager#isSystemGroup`. */
export const isSystemGroup = (group: string): boolean =>
  group.startsWith('CID_RMQ_SYS_') || SYSTEM_GROUPS.has(group);
