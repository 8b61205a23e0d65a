import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { TopicConfig } from '@rocketmq-ts/protocol';
import type { BrokerRegistration } from './registration.js';
import { RouteTable } from './route-table.js';
import type { RouteTableSettings } from './route-table-settings.js';

interface Connection {
  readonly id: number;
}

const settings = {
  brokerExpiryMs: 120_000,
  brokerTakeoverMs: 45_000,
  deleteTopicWithBrokerRegistration: false,
  brokerCountMax: 8,
  topicEntryCountMax: 40,
};

const topic = (topicName: string, more: Partial<TopicConfig> = {}): TopicConfig => ({
  attributes: new Map(),
  order: false,
  perm: 6,
  readQueueNums: 4,
  topicFilterType: 'SINGLE_TAG',
  topicName,
  topicSysFlag: 0,
  writeQueueNums: 4,
  ...more,
});
const topics = (...names: string[]) => new Map(names.map((name) => [name, topic(name)]));
const version = (counter: number, stateVersion = 0) => ({ counter, stateVersion, timestamp: 1 });

const connectionA: Connection = { id: 1 };
const connectionB: Connection = { id: 2 };

const registration = (
  more: Partial<BrokerRegistration<Connection>> = {},
): BrokerRegistration<Connection> => ({
  clusterName: 'c',
  brokerName: 'a',
  brokerId: 0,
  brokerAddress: '10.0.0.1:10911',
  haServerAddress: '10.0.0.1:10912',
  zoneName: undefined,
  expiryMs: undefined,
  enableActingMaster: false,
  dataVersion: version(1),
  topics: topics('T', 'U'),
  advertised: new Map(),
  connection: connectionA,
  ...more,
});
const slave = (more: Partial<BrokerRegistration<Connection>> = {}) =>
  registration({
    brokerId: 1,
    brokerAddress: '10.0.0.2:10911',
    haServerAddress: '10.0.0.2:10912',
    connection: connectionB,
    ...more,
  });

let table: RouteTable<Connection>;
let live: { -readonly [K in keyof RouteTableSettings]: RouteTableSettings[K] };

beforeEach(() => {
  live = { ...settings };
  table = new RouteTable(live);
});

const permsOf = (name: string) => table.route({ topic: name })?.queueDatas.map(({ perm }) => perm);
const addressesOf = (name: string, question = {}) =>
  table
    .route({ topic: name, ...question })
    ?.brokerDatas.map(({ brokerAddrs }) => Object.fromEntries(brokerAddrs));

describe('RouteTable.register', () => {
  it('makes a route out of a registration', () => {
    expect(table.register(registration(), 0)).toEqual({
      kind: 'registered',
      isNew: true,
      masterAddress: undefined,
      haServerAddress: undefined,
      minIdChange: undefined,
    });
    expect(table.route({ topic: 'T' })).toEqual({
      brokerDatas: [
        {
          brokerAddrs: new Map([[0, '10.0.0.1:10911']]),
          brokerName: 'a',
          cluster: 'c',
          enableActingMaster: false,
          zoneName: undefined,
        },
      ],
      filterServerTable: new Map(),
      orderTopicConf: undefined,
      queueDatas: [
        { brokerName: 'a', perm: 6, readQueueNums: 4, topicSysFlag: 0, writeQueueNums: 4 },
      ],
      topicQueueMappingByBroker: undefined,
    });
    expect(table.route({ topic: 'nothing' })).toBeUndefined();
  });

  it('tells a slave its master and adds it to the route', () => {
    table.register(registration(), 0);
    expect(table.register(slave(), 0)).toMatchObject({
      masterAddress: '10.0.0.1:10911',
      haServerAddress: '10.0.0.1:10912',
    });
    expect(addressesOf('T')).toEqual([{ 0: '10.0.0.1:10911', 1: '10.0.0.2:10911' }]);
  });

  it('takes topics from the master and, for newer brokers, from the slave with the smallest id', () => {
    table.register(slave({ topics: topics('S', 'S2') }), 0);
    expect(table.topicList().topicList).toEqual(['S', 'S2']);
    table.register(registration({ topics: topics('M', 'M2') }), 0);
    table.register(slave({ topics: topics('S3', 'S4'), dataVersion: version(2) }), 0);
    expect(table.topicList().topicList).toEqual(['S', 'S2', 'M', 'M2']);
    table = new RouteTable(live);
    table.register(slave({ enableActingMaster: undefined }), 0);
    expect(table.topicList().topicList).toEqual([]);
  });

  it('updates topics only when the version changed, but adds what is missing', () => {
    table.register(registration(), 0);
    const wider = new Map([
      ['T', topic('T', { writeQueueNums: 9 })],
      ['V', topic('V')],
    ]);
    table.register(registration({ topics: wider }), 0);
    expect(table.route({ topic: 'T' })?.queueDatas[0]?.writeQueueNums).toBe(4);
    expect(table.route({ topic: 'V' })).toBeDefined();
    table.register(registration({ topics: wider, dataVersion: version(2) }), 0);
    expect(table.route({ topic: 'T' })?.queueDatas[0]?.writeQueueNums).toBe(9);
  });

  it('refuses a first registration with exactly one topic', () => {
    const outcome = table.register(registration({ topics: topics('T') }), 0);
    expect(outcome).toMatchObject({
      reason: 'SINGLE_TOPIC_FIRST',
      message: 'register broker failed',
    });
    expect(table.clusterInfo().clusterAddrTable.size).toBe(0);
    table.register(registration(), 0);
    expect(table.register(registration({ topics: topics('W') }), 0).kind).toBe('registered');
  });

  it('moves a slave that became master from its old id', () => {
    table.register(registration(), 0);
    table.register(slave(), 0);
    table.connectionClosed(connectionA);
    table.register(slave({ brokerId: 0 }), 0);
    expect(addressesOf('T')).toEqual([{ 0: '10.0.0.2:10911' }]);
    expect(table.verify()).toEqual([]);
  });

  it('removes topics that are not named any more only where the setting says so', () => {
    table.register(registration(), 0);
    table.register(registration({ topics: topics('T', 'X'), dataVersion: version(2) }), 0);
    expect(table.route({ topic: 'U' })).toBeDefined();
    live.deleteTopicWithBrokerRegistration = true;
    table.register(registration({ topics: topics('T', 'X'), dataVersion: version(2) }), 0);
    expect(table.route({ topic: 'U' })).toBeUndefined();
  });

  it('keeps the id of a broker that is alive, and gives it away when it is silent or gone', () => {
    const other = { brokerAddress: '10.0.0.9:10911', connection: connectionB };
    table.register(registration(), 0);
    expect(table.register(registration(other), 44_999)).toMatchObject({ reason: 'ID_TAKEN' });
    expect(table.register(registration(other), 45_000).kind).toBe('registered');
    expect(addressesOf('T')).toEqual([{ 0: '10.0.0.9:10911' }]);
    expect(table.brokerCount).toBe(1);
    table.connectionClosed(connectionB);
    expect(table.register(registration(), 45_001).kind).toBe('registered');
  });

  it('lets the same connection change its address at once', () => {
    table.register(registration(), 0);
    table.register(registration({ brokerAddress: '10.0.0.9:10911' }), 1);
    expect(addressesOf('T')).toEqual([{ 0: '10.0.0.9:10911' }]);
    expect(table.verify()).toEqual([]);
  });

  it('refuses an older state version from another address', () => {
    table.register(registration({ dataVersion: version(1, 5) }), 0);
    const late = { brokerAddress: '10.0.0.9:10911', connection: connectionB };
    const outcome = table.register(registration({ ...late, dataVersion: version(9, 4) }), 60_000);
    expect(outcome).toMatchObject({ reason: 'STALE_STATE_VERSION' });
    expect(table.register(registration({ ...late, dataVersion: version(9, 5) }), 60_000).kind).toBe(
      'registered',
    );
  });

  it('refuses an address that another broker name holds, and a name of another cluster', () => {
    table.register(registration(), 0);
    expect(
      table.register(registration({ brokerName: 'b', connection: connectionB }), 0),
    ).toMatchObject({ reason: 'ADDRESS_TAKEN' });
    expect(
      table.register(registration({ clusterName: 'd', connection: connectionB }), 0),
    ).toMatchObject({ reason: 'NAME_IN_OTHER_CLUSTER' });
    expect(
      table.register(registration({ brokerName: 'b', connection: connectionB }), 60_000).kind,
    ).toBe('registered');
    expect(table.route({ topic: 'T' })?.brokerDatas.map((data) => data.brokerName)).toEqual(['b']);
    expect(table.verify()).toEqual([]);
  });

  it('stays within its limits (I3)', () => {
    for (let i = 0; i < 8; i++)
      table.register(registration({ brokerName: `b${i}`, brokerAddress: `h:${i}` }), 0);
    expect(
      table.register(registration({ brokerName: 'b9', brokerAddress: 'h:9' }), 0),
    ).toMatchObject({ reason: 'TOO_MANY_BROKERS' });
    const many = topics(...Array.from({ length: 30 }, (_, i) => `t${i}`));
    expect(
      table.register(registration({ brokerName: 'b0', brokerAddress: 'h:0', topics: many }), 0),
    ).toMatchObject({ reason: 'TOO_MANY_TOPICS' });
    expect(table.topicEntryCount).toBe(16);
    expect(table.canRegisterTopic('x', [])).toBe(true);
  });

  it.each([
    { brokerName: '' },
    { brokerName: 'a\nb' },
    { clusterName: 'x'.repeat(256) },
    { brokerAddress: '10.0.0.1' },
    { brokerAddress: '10.0.0.1:1,10.0.0.2:2' },
    { brokerAddress: '"x":1' },
    { haServerAddress: 'nowhere' },
    { advertised: new Map([['external', 'x']]) },
  ])('refuses %j', (more) => {
    expect(table.register(registration(more), 0)).toMatchObject({ reason: 'MALFORMED' });
    expect(table.brokerCount).toBe(0);
  });

  it('takes names that mean something to JavaScript as names', () => {
    table.register(
      registration({
        clusterName: 'constructor',
        brokerName: '__proto__',
        topics: topics('__proto__', 'toString'),
      }),
      0,
    );
    expect(addressesOf('__proto__')).toEqual([{ 0: '10.0.0.1:10911' }]);
    expect(table.route({ topic: 'hasOwnProperty' })).toBeUndefined();
  });
});

describe('RouteTable, leaving', () => {
  it('forgets at once what came through a connection that closed, and nothing else', () => {
    table.register(registration(), 0);
    table.register(
      registration({ brokerName: 'b', brokerAddress: 'h:1', connection: connectionB }),
      0,
    );
    expect(table.connectionClosed(connectionA)).toHaveLength(1);
    expect(table.route({ topic: 'T' })?.brokerDatas.map((data) => data.brokerName)).toEqual(['b']);
    expect(table.connectionClosed(connectionA)).toEqual([]);
  });

  it('belongs to the newest connection: the end of an older one changes nothing', () => {
    table.register(registration(), 0);
    table.register(registration({ connection: connectionB }), 1);
    table.connectionClosed(connectionA);
    expect(table.brokerCount).toBe(1);
    table.connectionClosed(connectionB);
    expect(table.brokerCount).toBe(0);
  });

  it('expires a silent broker after its own time or the default, heartbeats keeping it', () => {
    table.register(registration(), 0);
    table.register(slave({ expiryMs: 10_000 }), 0);
    expect(table.expire(10_000)).toEqual([]);
    expect(table.expire(10_001).map(({ broker }) => broker.brokerId)).toEqual([1]);
    table.touch({ clusterName: 'c', brokerAddress: '10.0.0.1:10911' }, 100_000);
    expect(table.expire(220_000)).toEqual([]);
    expect(table.expire(220_001).map(({ broker }) => broker.connection)).toEqual([connectionA]);
    expect(table.clusterInfo().clusterAddrTable.size).toBe(0);
    expect(table.topicEntryCount).toBe(0);
  });

  it('knows an unregistration only under the right name', () => {
    table.register(registration(), 0);
    const address = { clusterName: 'c', brokerAddress: '10.0.0.1:10911' };
    expect(table.unregister({ ...address, brokerName: 'b' })).toBeUndefined();
    expect(table.unregister({ ...address, brokerName: 'a' })).toMatchObject({ brokerName: 'a' });
    expect(table.touch(address, 1)).toBe(false);
  });
});

describe('RouteTable, acting master', () => {
  it('puts the smallest slave under id 0, readable only, while the master is away', () => {
    table.register(registration({ enableActingMaster: true }), 0);
    table.register(slave({ enableActingMaster: true }), 0);
    const gone = table.connectionClosed(connectionA)[0]!;
    expect(gone.minIdChange).toEqual({
      brokerName: 'a',
      minBrokerId: 1,
      minBrokerAddress: '10.0.0.2:10911',
      offlineBrokerAddress: '10.0.0.1:10911',
      haBrokerAddress: undefined,
      notify: ['10.0.0.2:10911'],
    });
    expect(permsOf('T')).toEqual([4]);
    expect(addressesOf('T', { supportActingMaster: true })).toEqual([{ 0: '10.0.0.2:10911' }]);
    expect(addressesOf('T', { supportActingMaster: false })).toEqual([{ 1: '10.0.0.2:10911' }]);

    const back = table.register(registration({ enableActingMaster: true }), 1);
    expect(back).toMatchObject({
      minIdChange: {
        minBrokerId: 0,
        notify: ['10.0.0.2:10911'],
        haBrokerAddress: '10.0.0.1:10912',
      },
    });
    expect(permsOf('T')).toEqual([6]);
    expect(table.memberGroup('c', 'a').brokerAddrs.size).toBe(2);
  });

  it('leaves groups alone that did not ask for it', () => {
    table.register(registration(), 0);
    table.register(slave(), 0);
    table.connectionClosed(connectionA);
    expect(permsOf('T')).toEqual([6]);
    expect(addressesOf('T', { supportActingMaster: true })).toEqual([{ 1: '10.0.0.2:10911' }]);
  });
});

describe('RouteTable, questions', () => {
  it('answers with the addresses of the listener that was asked', () => {
    table.register(registration({ advertised: new Map([['external', 'nat.example:30911']]) }), 0);
    expect(addressesOf('T', { listenerName: 'external' })).toEqual([{ 0: 'nat.example:30911' }]);
    expect(addressesOf('T', { listenerName: 'internal' })).toEqual([{ 0: '10.0.0.1:10911' }]);
    const told = table.clusterInfo('external').brokerAddrTable.get('a')?.brokerAddrs.get(0);
    expect(told).toBe('nat.example:30911');
    expect(table.memberGroup('c', 'a').brokerAddrs.get(0)).toBe('10.0.0.1:10911');
  });

  it('filters by zone, keeping groups without a master', () => {
    table.register(registration({ zoneName: 'Z1' }), 0);
    table.register(
      registration({
        brokerName: 'b',
        brokerAddress: 'h:2',
        zoneName: 'z2',
        connection: connectionB,
      }),
      0,
    );
    table.register(
      slave({ brokerName: 'd', brokerAddress: 'h:3', zoneName: 'z3', connection: { id: 3 } }),
      0,
    );
    const route = table.route({ topic: 'T', zoneName: 'z1' })!;
    expect(route.brokerDatas.map((data) => data.brokerName)).toEqual(['a', 'd']);
    expect(route.queueDatas.map((data) => data.brokerName)).toEqual(['a', 'd']);
  });

  it('wipes and gives back the right to write, until the version of the topics changes', () => {
    table.register(registration(), 0);
    expect(table.wipeWritePerm('a')).toBe(2);
    table.register(registration(), 1);
    expect(permsOf('T')).toEqual([4]);
    expect(table.addWritePerm('a')).toBe(2);
    expect(permsOf('T')).toEqual([6]);
    table.wipeWritePerm('a');
    table.register(registration({ dataVersion: version(2) }), 2);
    expect(permsOf('T')).toEqual([6]);
    expect(table.wipeWritePerm('nobody')).toBe(0);
  });

  it('registers single topics of known brokers, all or none', () => {
    table.register(registration(), 0);
    const queues = (brokerName: string) => ({
      brokerName,
      perm: 6,
      readQueueNums: 1,
      topicSysFlag: 0,
      writeQueueNums: 1,
    });
    expect(table.registerTopic('N', [queues('a'), queues('b')])).toBe('b');
    expect(table.route({ topic: 'N' })).toBeUndefined();
    expect(table.registerTopic('N', [queues('a')])).toBeUndefined();
    expect(table.route({ topic: 'N' })).toBeDefined();
    expect(table.canRegisterTopic('a\nb', [queues('a')])).toBe(false);
    live.topicEntryCountMax = 3;
    expect(table.canRegisterTopic('O', [queues('a')])).toBe(false);
    expect(table.canRegisterTopic('N', [queues('a')])).toBe(true);
  });

  it('deletes a topic everywhere or in one cluster', () => {
    table.register(registration(), 0);
    table.register(
      registration({
        clusterName: 'd',
        brokerName: 'b',
        brokerAddress: 'h:2',
        connection: connectionB,
      }),
      0,
    );
    expect(table.deleteTopic('T', 'nowhere')).toBe(false);
    expect(table.deleteTopic('T', 'd')).toBe(true);
    expect(table.route({ topic: 'T' })?.brokerDatas).toHaveLength(1);
    expect(table.deleteTopic('T')).toBe(true);
    expect(table.route({ topic: 'T' })).toBeUndefined();
    expect(table.verify()).toEqual([]);
  });

  it('lists topics of all kinds', () => {
    const unit = new Map([
      ['unit', topic('unit', { topicSysFlag: 1 })],
      ['sub', topic('sub', { topicSysFlag: 2 })],
      ['both', topic('both', { topicSysFlag: 3 })],
    ]);
    table.register(registration({ topics: unit }), 0);
    table.register(slave({ brokerName: 'b', brokerId: 0 }), 0);
    expect(table.unitTopics().topicList).toEqual(['unit', 'both']);
    expect(table.unitSubTopics().topicList).toEqual(['sub', 'both']);
    expect(table.unitSubNotUnitTopics().topicList).toEqual(['sub']);
    expect(table.topicsOfCluster('c').topicList).toEqual(['unit', 'sub', 'both', 'T', 'U']);
    expect(table.topicsOfCluster('?').topicList).toEqual([]);
    expect(table.systemTopicList()).toEqual({
      topicList: ['c', 'a', 'b'],
      brokerAddr: '10.0.0.1:10911',
    });
  });

  it('says whether topics changed', () => {
    const address = { clusterName: 'c', brokerAddress: '10.0.0.1:10911' };
    expect(table.isDataVersionChanged(address, version(1))).toBe(true);
    table.register(registration(), 0);
    expect(table.isDataVersionChanged(address, version(1))).toBe(false);
    expect(table.isDataVersionChanged(address, version(1, 1))).toBe(true);
  });
});

describe('RouteTable, any order of events', () => {
  const connections = [1, 2, 3].map((id) => ({ id }));
  const step = fc.oneof(
    fc.record({
      do: fc.constant('register' as const),
      cluster: fc.constantFrom('c', 'd'),
      name: fc.constantFrom('a', 'b', '__proto__'),
      id: fc.integer({ min: 0, max: 2 }),
      port: fc.integer({ min: 1, max: 4 }),
      connection: fc.constantFrom(...connections),
      topics: fc.uniqueArray(fc.constantFrom('T', 'U', 'V', 'W'), { maxLength: 4 }),
      counter: fc.integer({ min: 1, max: 3 }),
      acting: fc.constantFrom(true, false, undefined),
    }),
    fc.record({
      do: fc.constant('unregister' as const),
      name: fc.constantFrom('a', 'b'),
      port: fc.integer({ min: 1, max: 4 }),
    }),
    fc.record({ do: fc.constant('close' as const), connection: fc.constantFrom(...connections) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1_000, 50_000, 130_000) }),
    fc.record({
      do: fc.constant('delete' as const),
      topic: fc.constantFrom('T', 'U'),
      cluster: fc.constantFrom('c', undefined),
    }),
    fc.record({ do: fc.constant('wipe' as const), name: fc.constantFrom('a', 'b') }),
  );

  it('keeps every invariant, and is empty when everybody has left', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), (steps, deleting) => {
        const state = new RouteTable<Connection>({
          ...settings,
          deleteTopicWithBrokerRegistration: deleting,
          brokerCountMax: 4,
          topicEntryCountMax: 10,
        });
        let now = 0;
        for (const event of steps) {
          if (event.do === 'wait') {
            now += event.ms;
            state.expire(now);
          } else if (event.do === 'close') state.connectionClosed(event.connection);
          else if (event.do === 'delete') state.deleteTopic(event.topic, event.cluster);
          else if (event.do === 'wipe') state.wipeWritePerm(event.name);
          else if (event.do === 'unregister')
            state.unregister({
              clusterName: 'c',
              brokerName: event.name,
              brokerAddress: `h:${event.port}`,
            });
          else
            state.register(
              registration({
                clusterName: event.cluster,
                brokerName: event.name,
                brokerId: event.id,
                brokerAddress: `h:${event.port}`,
                connection: event.connection,
                topics: topics(...event.topics),
                dataVersion: version(event.counter),
                enableActingMaster: event.acting,
              }),
              now,
            );
          expect(state.verify()).toEqual([]);
        }
        for (const connection of connections) state.connectionClosed(connection);
        expect([state.brokerCount, state.topicEntryCount, state.topicCount]).toEqual([0, 0, 0]);
        expect(state.clusterInfo().clusterAddrTable.size).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});
