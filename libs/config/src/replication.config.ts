import {
  BooleanKey,
  ChoiceKey,
  IntegerKey,
  TextKey,
  type ConfigRelation,
} from './config-key.decorator.js';
import { hostPortsProblem } from './listeners.js';
import { peerRuleProblem } from './peer-rule.js';

const MIB = 1_048_576;

/** Role of a broker in its group. */
export type BrokerRole = 'ASYNC_MASTER' | 'SYNC_MASTER' | 'SLAVE';

/** Copies that a send of a SYNC_MASTER waits for where nobody says, the master's own included. */
const COPIES_OF_SYNC_MASTER = 2;

const oneAddressProblem = (text: string): string | undefined =>
  hostPortsProblem(text) ?? (text.includes(';') ? 'wants one host:port' : undefined);

/**
 * How a master and its slaves keep copies of one log.
 * Source of Apache's names and defaults: rocketmq 5.5.0 `MessageStoreConfig`, `BrokerConfig`.
 */
export class ReplicationConfig {
  static readonly group = 'replication';
  static readonly relations: readonly ConfigRelation<ReplicationConfig>[] = [
    {
      rule: 'R1: minInSyncReplicas <= inSyncReplicas',
      because: 'a send that waits for fewer copies than there must be would never be taken',
      keys: ['minInSyncReplicas', 'inSyncReplicas'],
      holds: ({ minInSyncReplicas, inSyncReplicas = COPIES_OF_SYNC_MASTER }) =>
        minInSyncReplicas <= inSyncReplicas,
    },
    {
      rule: 'R2: haHeartbeatIntervalMs < haSilenceMsMax',
      because: 'a connection on which nothing happens would be closed before its first heartbeat',
      keys: ['haHeartbeatIntervalMs', 'haSilenceMsMax'],
      holds: ({ haHeartbeatIntervalMs, haSilenceMsMax }) => haHeartbeatIntervalMs < haSilenceMsMax,
    },
  ];

  @IntegerKey({
    java: 'inSyncReplicas',
    doc: 'Copies that a send of a SYNC_MASTER waits for, the master’s own included. Default: 2; Apache’s SYNC_MASTER waits for no slave unless this says 2.',
    unit: 'copies',
    min: 1,
    max: 16,
    danger: 'With 1 an acknowledged message is lost with the disk of the master.',
  })
  inSyncReplicas: number | undefined = undefined;

  @IntegerKey({
    java: 'minInSyncReplicas',
    doc: 'Copies that there must be for a SYNC_MASTER to take sends at all; with fewer they are refused before they are stored.',
    unit: 'copies',
    min: 1,
    max: 16,
  })
  minInSyncReplicas = 1;

  @BooleanKey({
    java: 'enableAutoInSyncReplicas',
    doc: 'Whether sends wait for fewer copies while slaves are missing, down to minInSyncReplicas, instead of being answered SLAVE_NOT_AVAILABLE.',
    danger: 'While slaves are missing, acknowledged messages may be on the master alone.',
  })
  autoInSyncReplicas = false;

  @IntegerKey({
    java: 'slaveTimeout',
    doc: 'How long a send waits for its copies; then it is answered FLUSH_SLAVE_TIMEOUT, and stays stored.',
    unit: 'ms',
    min: 1,
    max: 600_000,
  })
  slaveTimeoutMs = 3_000;

  @IntegerKey({
    java: 'haListenPort',
    doc: 'Port on which a master serves its log to slaves. Default: listenPort + 1.',
    unit: 'port',
    min: 0,
    max: 65_535,
  })
  haListenPort: number | undefined = undefined;

  @TextKey({
    doc: 'Peers that may copy the log: any, local, addresses, networks.',
    danger: 'any lets everybody who reaches the port read all messages.',
    check: peerRuleProblem,
  })
  haPeers = 'any';

  @IntegerKey({
    doc: 'Connections on the port for slaves; more are closed.',
    unit: 'connections',
    min: 1,
    max: 1_000,
  })
  haConnectionCountMax = 8;

  @TextKey({
    doc: 'Where a slave asks its master, host:port of the master’s listenPort. Default: what the nameservers know.',
    check: oneAddressProblem,
  })
  masterAddress = '';

  @TextKey({
    java: 'haMasterAddress',
    doc: 'Where a slave gets the log, host:port of the master’s haListenPort. Default: what the nameservers know.',
    check: oneAddressProblem,
  })
  haMasterAddress = '';

  @IntegerKey({
    java: 'haSendHeartbeatInterval',
    doc: 'Silence after which master and slave say that they are there.',
    unit: 'ms',
    min: 100,
    max: 60_000,
  })
  haHeartbeatIntervalMs = 5_000;

  @IntegerKey({
    java: 'haHousekeepingInterval',
    doc: 'Silence after which master and slave close their connection.',
    unit: 'ms',
    min: 500,
    max: 600_000,
  })
  haSilenceMsMax = 20_000;

  @IntegerKey({
    java: 'haMaxGapNotInSync',
    doc: 'A slave that is farther behind does not count as a copy.',
    unit: 'bytes',
    min: 1_024,
    max: Number.MAX_SAFE_INTEGER,
  })
  inSyncGapBytesMax = 256 * MIB;

  @ChoiceKey({
    doc: 'What a slave reports as copied: received, in the memory of its system, as Apache’s does; flushed, on its disk.',
    choices: ['received', 'flushed'],
  })
  haSlaveAck: 'received' | 'flushed' = 'received';

  @ChoiceKey({
    doc: 'What a slave does whose log is not the beginning of its master’s: refuse, it waits for the operator; truncate, it cuts back to what both have and keeps the rest in a file; reseed, it starts anew with nothing.',
    choices: ['refuse', 'truncate', 'reseed'],
    danger: 'truncate and reseed give up messages that the slave alone has.',
  })
  haDivergedSlave: 'refuse' | 'truncate' | 'reseed' = 'refuse';

  @BooleanKey({
    java: 'slaveReadEnable',
    doc: 'Whether consumers that are far behind are sent to a slave.',
    reloadable: true,
  })
  slaveRead = false;

  @BooleanKey({
    java: 'offsetCheckInSlave',
    doc: 'Whether a slave corrects pulls behind its end; by default it lets them wait, because the master may have more.',
    reloadable: true,
  })
  offsetCheckInSlave = false;

  @IntegerKey({
    doc: 'How often a slave copies topics, groups, offsets and progress from its master.',
    unit: 'ms',
    min: 100,
    max: 600_000,
  })
  metadataSyncIntervalMs = 3_000;
}

/** Copies that a send waits for, the master's own included: 1 is none but that. */
export const copiesWanted = (
  role: BrokerRole,
  { inSyncReplicas = COPIES_OF_SYNC_MASTER }: Pick<ReplicationConfig, 'inSyncReplicas'>,
): number => (role === 'SYNC_MASTER' ? inSyncReplicas : 1);
