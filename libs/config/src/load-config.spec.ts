import { describe, expect, it } from '@jest/globals';
import { ConfigError } from './config-errors.js';
import { BrokerConfig } from './broker.config.js';
import { HttpConfig } from './http.config.js';
import { LimitsConfig } from './limits.config.js';
import { resolveConfig, type ConfigSources } from './load-config.js';
import { LoggingConfig } from './logging.config.js';
import { NameserverConfig } from './nameserver.config.js';
import { printConfig, javaProperties } from './print-config.js';
import { copiesWanted, ReplicationConfig } from './replication.config.js';
import { settingsOfMarker } from './role-marker.js';
import { StoreConfig } from './store.config.js';

const GROUPS = [
  BrokerConfig,
  StoreConfig,
  ReplicationConfig,
  LimitsConfig,
  HttpConfig,
  LoggingConfig,
];

const broker = (text: string, more: Partial<ConfigSources> = {}) =>
  resolveConfig({
    groups: GROUPS,
    otherGroups: [NameserverConfig],
    file: { path: '/etc/broker.conf', text },
    ...more,
  });

const problemsOf = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('expected a ConfigError');
};

const setting = (key: string, value: string) => ({ settings: [{ key, value, flag: `--${key}` }] });

/** As Apache ships them in `conf/2m-2s-sync`. */
const SAMPLE = `
brokerClusterName=DefaultCluster
brokerName=broker-a
brokerId=0
deleteWhen=04
fileReservedTime=48
brokerRole=SYNC_MASTER
flushDiskType=ASYNC_FLUSH
`;
const SLAVE_SAMPLE = SAMPLE.replace('brokerId=0', 'brokerId=1').replace('SYNC_MASTER', 'SLAVE');

describe('resolveConfig, roles', () => {
  const copiesOf = (text: string): number => {
    const config = broker(text);
    return copiesWanted(config.get(BrokerConfig).brokerRole, config.get(ReplicationConfig));
  };

  it('takes Apache’s sample files as they are; sends to a SYNC_MASTER wait for a copy', () => {
    expect(copiesOf(SAMPLE)).toBe(2);
    // 48 hours are exactly the longest time for which a timed message waits in one place.
    const advice = [expect.stringContaining('S4: timerRollWindowSlots')];
    expect(broker(SAMPLE).warnings).toEqual(advice);
    expect(broker(SLAVE_SAMPLE).warnings).toEqual(advice);
    expect(broker(SLAVE_SAMPLE).get(BrokerConfig).brokerRole).toBe('SLAVE');
  });

  it.each([
    ['brokerRole=SYNC_MASTER\ninSyncReplicas=1', 1],
    ['brokerRole=SYNC_MASTER\ninSyncReplicas=3', 3],
    ['brokerRole=ASYNC_MASTER\ninSyncReplicas=3', 1],
  ])('%j waits for %i copies', (text, copies) => expect(copiesOf(text)).toBe(copies));

  it.each([
    ['brokerRole=SLAVE', 'B1'],
    ['brokerId=1', 'B1'],
    ['inSyncReplicas=2\nminInSyncReplicas=3', 'R1'],
    ['haSendHeartbeatInterval=20000', 'R2'],
    ['haMasterAddress=a:1;b:2', 'haMasterAddress'],
  ])('refuses %j (%s)', (text, key) =>
    expect(problemsOf(() => broker(text))[0]!.key).toContain(key),
  );

  it('lets the marker of a switch outrank everything, and says where the role is from', () => {
    const sinceMs = 1;
    const marked = { role: 'ASYNC_MASTER' as const, epoch: 3, sinceMs, fromOffset: 9 };
    const marker = settingsOfMarker(marked, '/store/role.json');
    const config = broker(SLAVE_SAMPLE, { marker, commandLine: setting('brokerId', '2') });
    expect(config.get(BrokerConfig)).toMatchObject({ brokerRole: 'ASYNC_MASTER', brokerId: 0 });
    expect(config.originOf('brokerRole').text).toBe('/store/role.json (epoch 3)');
    expect(settingsOfMarker({ epoch: 3, sinceMs, fromOffset: 9 }, '/store/role.json')).toEqual([]);
  });
});

describe('resolveConfig, order of sources', () => {
  it('lets the file win over defaults, the environment over the file, flags over everything', () => {
    const text = 'listenPort=1\ndefaultTopicQueueNums=2\nbrokerName=f';
    const environment = { ROCKETMQ_LISTEN_PORT: '3', ROCKETMQ_BROKER_NAME: 'e' };
    const config = broker(text, { environment, commandLine: setting('brokerName', 'c') });
    const values = config.get(BrokerConfig);
    expect([values.defaultTopicQueueCount, values.listenPort, values.brokerName]).toEqual([
      2,
      3,
      'c',
    ]);
    expect(config.originOf('bindAddress').text).toBe('default');
    expect(config.originOf('defaultTopicQueueCount').text).toBe('broker.conf:2');
    expect(config.originOf('listenPort').text).toBe('environment ROCKETMQ_LISTEN_PORT');
    expect(config.originOf('brokerName').text).toBe('command line --brokerName');
  });

  it('puts NAMESRV_ADDR below the file, as Apache does', () => {
    const environment = { NAMESRV_ADDR: 'a:1' };
    expect(broker('', { environment }).get(BrokerConfig).namesrvAddr).toBe('a:1');
    expect(broker('namesrvAddr=b:2', { environment }).get(BrokerConfig).namesrvAddr).toBe('b:2');
  });

  it('puts changes of an earlier run above the file and below the environment', () => {
    const updates = { path: 'u', text: 'brokerPermission=2\nlistenPort=5' };
    const environment = { ROCKETMQ_LISTEN_PORT: '7' };
    const values = broker('brokerPermission=4', { updates, environment }).get(BrokerConfig);
    expect([values.brokerPermission, values.listenPort]).toEqual([2, 7]);
  });

  it('takes the last one of a key that a file sets twice', () => {
    expect(broker('listenPort=1\nlistenPort=2').get(BrokerConfig).listenPort).toBe(2);
  });

  it('ignores variables that Kubernetes makes for services and those of our other programs', () => {
    const environment = {
      ROCKETMQ_HOME: '/opt',
      ROCKETMQ_PORT: 'tcp://10.0.0.1:9876',
      ROCKETMQ_LISTEN_PORT: 'tcp://10.0.0.1:9876',
      ROCKETMQ_NAMESERVER_SERVICE_HOST: '10.0.0.1',
      ROCKETMQ_NAMESERVER_SERVICE_PORT_REMOTING: '9876',
      ROCKETMQ_PORT_9876_TCP_ADDR: '10.0.0.1',
      ROCKETMQ_KV_CONFIG_PATH: '/x',
      ROCKETMQ_BIND_ADDRESS: '',
      PATH: '/bin',
    };
    expect(broker('', { environment }).get(BrokerConfig).listenPort).toBe(10_911);
  });
});

describe('resolveConfig, Apache’s keys', () => {
  it('accepts a file that people copy from page to page', () => {
    const config = broker(`
      brokerClusterName=rocketmq-cluster
      brokerName=broker-a
      brokerId=0
      namesrvAddr=rocketmq-ns1:9876;rocketmq-ns2:9876
      defaultTopicQueueNums=4
      autoCreateTopicEnable=true
      autoCreateSubscriptionGroup=true
      listenPort=10911
      deleteWhen=04
      fileReservedTime=120
      mapedFileSizeCommitLog=1073741824
      mapedFileSizeConsumeQueue=300000
      destroyMapedFileIntervalForcibly=120000
      diskMaxUsedSpaceRatio=88
      storePathRootDir=/usr/local/rocketmq/store
      storePathCommitLog=/usr/local/rocketmq/store/commitlog
      storePathConsumeQueue=/usr/local/rocketmq/store/consumequeue
      storeCheckpoint=/usr/local/rocketmq/store/checkpoint
      abortFile=/usr/local/rocketmq/store/abort
      maxMessageSize=65536
      flushCommitLogLeastPages=4
      brokerRole=SYNC_MASTER
      flushDiskType=SYNC_FLUSH
      sendMessageThreadPoolNums=128
      pullMessageThreadPoolNums=128`);
    expect(config.get(StoreConfig).fileReservedMs).toBe(120 * 3_600_000);
    expect(config.get(StoreConfig).flushDiskType).toBe('SYNC_FLUSH');
    expect(config.get(BrokerConfig).namesrvAddr).toBe('rocketmq-ns1:9876;rocketmq-ns2:9876');
    expect(config.warnings).toEqual([
      'keys of Apache without effect here (file): abortFile, mapedFileSizeCommitLog, mapedFileSizeConsumeQueue, ' +
        'pullMessageThreadPoolNums, sendMessageThreadPoolNums, storeCheckpoint, storePathConsumeQueue',
      expect.stringContaining('S1: diskMaxUsedPercent <= diskCleanForciblyPercent'),
    ]);
  });

  it('says nothing about a key without effect that is set to Apache’s default', () => {
    expect(broker('sendMessageThreadPoolNums=2\nwarmMapedFileEnable=false').warnings).toHaveLength(
      1,
    );
    expect(broker('warmMapedFileEnable=false').warnings).toEqual([]);
  });

  it('says of keys of Apache’s replication, too, that they have no effect', () => {
    expect(broker('haTransferBatchSize=65536\nhaMaxTimeSlaveNotCatchup=1000').warnings).toEqual([
      'keys of Apache without effect here (file): haMaxTimeSlaveNotCatchup, haTransferBatchSize',
    ]);
  });

  it('pulls values to the range to which Apache pulls them silently', () => {
    const config = broker('registerNameServerPeriod=1\ndiskMaxUsedSpaceRatio=99');
    expect(config.get(BrokerConfig).registerIntervalMs).toBe(10_000);
    expect(config.get(StoreConfig).diskMaxUsedPercent).toBe(95);
  });

  it.each([
    ['aclEnable=true', 'access control'],
    ['authenticationEnabled=true', 'access control'],
    ['enableDLegerCommitLog=true', 'DLedger'],
    ['enableControllerMode=true', 'controller'],
    ['storeType=defaultRocksDB', 'store'],
    ['useTLS=true', 'TLS'],
    ['enableSlaveActingMaster=true', 'mqpromote'],
    ['haFlowControlEnable=true', 'limit'],
  ])('refuses %s, which promises what is not there', (text, why) => {
    expect(
      problemsOf(() => broker(text))
        .map((problem) => problem.why)
        .join(),
    ).toContain(why);
  });

  it('accepts the same keys with the value that asks for nothing', () => {
    expect(broker('aclEnable=false\nstoreType=default\nuseTLS=false').warnings).toEqual([]);
  });
});

describe('resolveConfig, mistakes', () => {
  it('reports every mistake of a file at once, each with its line', () => {
    expect(
      problemsOf(() =>
        broker('listenPort=1091l\nbrokerIdd=1\nautoCreateTopicEnable=yes\ndefaultTopicQueueNums=0'),
      ),
    ).toEqual([
      {
        key: 'brokerIdd',
        value: undefined,
        source: 'broker.conf:2',
        why: 'is not known; the nearest known key is brokerId',
      },
      { key: 'listenPort', value: '1091l', source: 'broker.conf:1', why: 'wants a whole number' },
      {
        key: 'autoCreateTopicEnable',
        value: 'yes',
        source: 'broker.conf:3',
        why: 'wants true or false',
      },
    ]);
    expect(problemsOf(() => broker('defaultTopicQueueNums=0'))).toEqual([
      {
        key: 'defaultTopicQueueNums',
        value: '0',
        source: 'broker.conf:1',
        why: 'must be at least 1',
      },
    ]);
  });

  it('names the nearest variable and the nearest flag', () => {
    const environment = { ROCKETMQ_LISTN_PORT: '1' };
    expect(problemsOf(() => broker('', { environment }))[0]!.why).toContain('ROCKETMQ_LISTEN_PORT');
    expect(
      problemsOf(() => broker('', { commandLine: setting('listenport', '1') }))[0]!.why,
    ).toContain('listenPort');
    expect(problemsOf(() => broker('somethingQuiteElse=1'))[0]!.why).toBe('is not known');
  });

  it('refuses control characters in any value', () => {
    for (const text of ['brokerName=a\\nlistenPort=1', 'bindAddress=\\u0000', 'brokerIP1=\\u2028'])
      expect(problemsOf(() => broker(text))[0]!.why).toBe('contains a control character');
  });

  it('refuses one setting under two names with two values, and takes it with one', () => {
    expect(problemsOf(() => broker('clusterName=a\nbrokerClusterName=b'))[0]!.why).toContain(
      'same setting',
    );
    expect(broker('clusterName=a\nbrokerClusterName=a').get(BrokerConfig).clusterName).toBe('a');
  });

  it('states a broken relation with its reason and both origins', () => {
    expect(problemsOf(() => broker('brokerId=3'))[0]).toEqual({
      key: 'B1: brokerId = 0 for a master, > 0 for a slave',
      value: undefined,
      source: 'settings',
      why: 'does not hold for brokerId=3 (broker.conf:1) and brokerRole=ASYNC_MASTER (default), because clients send to id 0 alone',
    });
    const named = 'listeners=internal:0.0.0.0:1\nadvertised=external:h:1';
    expect(problemsOf(() => broker(named))[0]!.key).toContain('B2');
    expect(broker('advertised=external:h:1').warnings).toEqual([]);
  });

  it('names line and text of a file that is not in properties syntax', () => {
    expect(problemsOf(() => broker('a=1\nb=\\uzzzz'))[0]).toMatchObject({
      source: 'broker.conf:2',
    });
  });

  it.each([
    ['listeners=internal:0.0.0.0:1,internal:0.0.0.0:2', 'twice'],
    ['listeners=0.0.0.0:1', 'not name:host:port'],
    ['namesrvAddr=localhost', 'not host:port'],
    ['adminPeers=everybody', 'none of them'],
    ['deleteWhen=25', 'hours of the day'],
    ['brokerName=a b', 'wants 1 to 255'],
    ['flushDiskType=NEVER', 'must be one of ASYNC_FLUSH, SYNC_FLUSH'],
  ])('explains %s', (text, why) => {
    expect(problemsOf(() => broker(text))[0]!.why).toContain(why);
  });
});

describe('LoadedConfig.update', () => {
  it('changes reloadable settings by either name, tells listeners, and records the origin', () => {
    const config = broker('');
    const heard: string[] = [];
    config.onChange((names) => heard.push(...names));
    const changes = new Map([
      ['autoCreateTopicEnable', 'false'],
      ['messageBytesMax', '1024'],
      ['brokerPermission', '6'],
    ]);
    expect(config.update(changes, 'update by 10.0.0.1')).toEqual([
      'autoCreateTopic',
      'messageBytesMax',
    ]);
    expect(heard).toEqual(['autoCreateTopic', 'messageBytesMax']);
    expect(config.get(BrokerConfig).autoCreateTopic).toBe(false);
    expect(config.originOf('messageBytesMax').text).toBe('update by 10.0.0.1');
  });

  it.each([
    ['storePathRootDir', '/tmp/x', 'fixed'],
    ['kvConfigPath', '/tmp/x', 'not known'],
    ['rocketmqHome', '/tmp/x', 'not known'],
    ['listenPort', '1', 'fixed'],
    ['adminPeers', 'any', 'fixed'],
    ['brokerPermission', '99', 'at most 7'],
    ['deleteWhen', '04\nstorePathRootDir=/x', 'control character'],
  ])('refuses %s=%s and leaves everything as it was', (key, value, why) => {
    const config = broker('');
    const before = printConfig(config);
    const changes = new Map([
      ['autoCreateTopicEnable', 'false'],
      [key, value],
    ]);
    expect(
      problemsOf(() => config.update(changes, 'peer'))
        .map((problem) => problem.why)
        .join(),
    ).toContain(why);
    expect(printConfig(config)).toBe(before);
  });

  it('never lets a path be changed', () => {
    const paths = broker('')
      .entries()
      .filter(({ declaration }) => declaration.type === 'path');
    expect(paths.length).toBeGreaterThan(1);
    expect(paths.filter(({ declaration }) => declaration.reloadable)).toEqual([]);
  });
});

describe('printConfig', () => {
  it('shows value, unit, origin and Apache’s key of every setting, by group', () => {
    const text = printConfig(broker('fileReservedTime=1\nwarmMapedFileEnable=true'));
    expect(text).toMatch(/^fileReservedMs +3600000 +ms +broker\.conf:1 +fileReservedTime$/m);
    expect([...text.matchAll(/^\[(.*)\]$/gm)].map(([, group]) => group)).toEqual([
      'broker',
      'http',
      'limits',
      'logging',
      'replication',
      'store',
    ]);
    expect(text).toContain('note: keys of Apache without effect here (file): warmMapedFileEnable');
    expect(text).not.toContain('~/');
  });
});

describe('javaProperties', () => {
  it('gives Apache’s names in Apache’s units', () => {
    const text = javaProperties(broker('fileReservedTime=5'));
    expect(text).toMatch(/^fileReservedTime=5$/m);
    expect(text).toMatch(/^brokerClusterName=DefaultCluster$/m);
    expect(text).toMatch(/^heldPullCountMax|pullThreadPoolQueueCapacity=100000$/m);
  });
});
