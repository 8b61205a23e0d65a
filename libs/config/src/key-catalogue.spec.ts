import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { BrokerConfig } from './broker.config.js';
import { declaredKeys, IntegerKey, type ConfigGroup } from './config-key.decorator.js';
import { HttpConfig } from './http.config.js';
import { allJavaKeys } from './java-keys.js';
import { environmentName, KeyCatalogue, nearestOf } from './key-catalogue.js';
import { LimitsConfig } from './limits.config.js';
import { LoggingConfig } from './logging.config.js';
import { NameserverConfig } from './nameserver.config.js';
import { formatValue } from './parse-value.js';
import { PopConfig } from './pop.config.js';
import { ReplicationConfig } from './replication.config.js';
import { StoreConfig } from './store.config.js';

const shared: ConfigGroup[] = [LimitsConfig, HttpConfig, LoggingConfig];
const everyGroup: ConfigGroup[] = [
  NameserverConfig,
  BrokerConfig,
  StoreConfig,
  PopConfig,
  ReplicationConfig,
  ...shared,
];
const recorded = JSON.parse(
  readFileSync(new URL('../test/java-config-keys.json', import.meta.url), 'utf8'),
) as Record<string, Record<string, { type: string; default: string | null }>>;

describe('KeyCatalogue', () => {
  it('has no name and no variable twice in any program (I1, I2)', () => {
    expect(() => new KeyCatalogue([NameserverConfig, ...shared])).not.toThrow();
    const ofBroker = [BrokerConfig, StoreConfig, PopConfig, ReplicationConfig];
    expect(() => new KeyCatalogue([...ofBroker, ...shared])).not.toThrow();
  });

  it('refuses a group that takes a name that is taken', () => {
    class Twice {
      static readonly group = 'twice';
      @IntegerKey({ doc: 'x', java: 'listenPort' })
      other = 1;
    }
    expect(() => new KeyCatalogue([BrokerConfig, Twice])).toThrow('listenPort is declared twice');
  });

  it('finds variables with and without underscores where people disagree', () => {
    const catalogue = new KeyCatalogue([BrokerConfig]);
    for (const name of ['ROCKETMQ_BROKER_IP1', 'ROCKETMQ_BROKER_IP_1', 'ROCKETMQ_ADVERTISED_HOST'])
      expect(catalogue.findVariable(name)?.declaration.name).toBe('advertisedHost');
  });
});

describe('environmentName', () => {
  it('separates words', () => {
    expect(environmentName('listenPort')).toBe('ROCKETMQ_LISTEN_PORT');
    expect(environmentName('brokerIP1')).toBe('ROCKETMQ_BROKER_IP1');
    expect(environmentName('checkCRCOnRecover')).toBe('ROCKETMQ_CHECK_CRC_ON_RECOVER');
  });
});

describe('nearestOf', () => {
  it('counts swaps, case and single letters, and finds nothing far away', () => {
    const names = ['listenPort', 'brokerId', 'brokerName'];
    expect(nearestOf('listenProt', names)).toBe('listenPort');
    expect(nearestOf('LISTENPORT', names)).toBe('listenPort');
    expect(nearestOf('brokerNam', names)).toBe('brokerName');
    expect(nearestOf('zzzzzz', names)).toBeUndefined();
  });
});

describe('declared keys', () => {
  const keys = everyGroup.flatMap((group) =>
    declaredKeys(group).map((declaration) => ({ group, declaration })),
  );

  it('all have a sentence of documentation, and numbers have a unit', () => {
    for (const { declaration } of keys) {
      expect(declaration.doc).toMatch(/\.$/);
      if (declaration.type === 'integer')
        expect([declaration.name, declaration.unit]).not.toContain(undefined);
    }
  });

  it('name Apache keys that exist', () => {
    const systemProperties = /^(com\.)?rocketmq\./;
    const unknown = keys
      .flatMap(({ declaration }) => declaration.aliases.map(({ key }) => key))
      .filter((key) => !systemProperties.test(key) && !allJavaKeys().has(key));
    expect(unknown).toEqual([]);
  });

  it('have Apache’s defaults, except where this list says why not', () => {
    const deliberate = new Map([
      ['brokerName', 'host name of this machine'],
      ['brokerIP1', 'follows from listeners'],
      ['brokerIP2', 'follows from brokerIP1'],
      ['listenPort', 'Apache sets it in its start classes'],
      ['haListenPort', 'follows from listenPort'],
      ['inSyncReplicas', 'a SYNC_MASTER waits for a slave, which Apache’s does only when told'],
      ['kvConfigPath', 'home folder of this machine'],
      ['storePathRootDir', 'home folder of this machine'],
      ['brokerFastFailureEnable', 'sends wait under load instead of being refused'],
      [
        'flushIntervalConsumeQueue',
        'queues are rebuilt from the log, so writing them is not urgent',
      ],
      ['enablePropertyFilter', 'filtering is what a broker is for, and costs nothing unused'],
      ['enablePopBufferMerge', 'pops and acknowledgements that need no log cost no log'],
      ['shutdownWaitTimeSeconds', 'a stop takes less than ten seconds in all'],
    ]);
    const differing: string[] = [];
    for (const { group, declaration } of keys) {
      const values = new group() as Record<string, never>;
      for (const alias of declaration.aliases) {
        const java = allJavaKeys().get(alias.key);
        const ours = formatValue(values[declaration.name], alias);
        if (java && java.defaultText !== ours) differing.push(alias.key);
      }
    }
    expect([...new Set(differing)].filter((key) => !deliberate.has(key))).toEqual([]);
    expect([...deliberate.keys()].filter((key) => !differing.includes(key))).toEqual([]);
  });
});

describe('Apache’s keys', () => {
  it('are those that were read out of its jars', () => {
    const names = Object.values(recorded).flatMap((fields) => Object.keys(fields));
    expect(names.length).toBeGreaterThan(500);
    expect(names.filter((name) => !allJavaKeys().has(name))).toEqual([]);
    expect(allJavaKeys().get('fileReservedTime')).toEqual({
      key: 'fileReservedTime',
      from: 'MessageStoreConfig',
      defaultText: '72',
    });
  });
});
