import { afterEach, describe, expect, it } from '@jest/globals';
import { handlerCoverage } from '@rocketmq-ts/nest-remoting';
import {
  AddWritePermOfBroker,
  BrokerHeartbeat,
  codec,
  commands,
  decodeTopicRoute,
  DeleteKvConfig,
  DeleteTopicInNamesrv,
  GetAllTopicListFromNameserver,
  GetBrokerClusterInfo,
  GetBrokerMemberGroup,
  GetHasUnitSubTopicList,
  GetHasUnitSubUnunitTopicList,
  GetKvConfig,
  GetKvlistByNamespace,
  GetNamesrvConfig,
  GetRouteinfoByTopic,
  GetSystemTopicListFromNs,
  GetTopicsByCluster,
  GetUnitTopicList,
  NotifyMinBrokerIdChange,
  PutKvConfig,
  QueryDataVersion,
  RegisterBroker,
  RegisterTopicInNamesrv,
  ResponseCode,
  UnregisterBroker,
  UpdateNamesrvConfig,
  WipeWritePermOfBroker,
} from '@rocketmq-ts/protocol';
import { RemotingServer } from '@rocketmq-ts/remoting';
import {
  queueData,
  registration,
  SimulatedNameserver,
  VERSION_ONE,
  type RegistrationHeader,
} from './simulated-nameserver.js';

let nameserver: SimulatedNameserver;

const start = async (settings = ''): Promise<void> => {
  nameserver = await SimulatedNameserver.start(settings);
};
afterEach(() => nameserver.stop());

const register = (header: RegistrationHeader = {}) =>
  nameserver.call(RegisterBroker, registration(header));
const route = async (topic: string) => {
  const { body } = await nameserver.call(GetRouteinfoByTopic, { header: { topic }, body: null });
  return decodeTopicRoute(body);
};
const refusal = (responseCode: number, remark: string | RegExp) => ({
  responseCode,
  remark: typeof remark === 'string' ? remark : expect.stringMatching(remark),
});
const noRoute = refusal(
  ResponseCode.TOPIC_NOT_EXIST,
  /^No topic route info in name server for the topic: .*\nSee https:/,
);
const none = { header: {}, body: null };
const address = { clusterName: 'DefaultCluster', brokerAddr: '10.0.0.2:10911' };
const named = { ...address, brokerName: 'broker-a', brokerId: 0 };

describe('a nameserver', () => {
  it('answers every command that is declared for nameservers, and no other', async () => {
    await start();
    const expected = commands.filter(({ direction }) => direction.endsWith('to nameserver'));
    expect(expected.length).toBeGreaterThan(20);
    expect(handlerCoverage(expected, nameserver.state.server.routedCodes)).toEqual({
      withoutHandler: [],
      withoutDeclaration: [],
    });
    const { code, remark } = await nameserver.ask({ code: 10, opaque: 1 });
    expect([code, remark]).toEqual([3, ' request type 10 not supported']);
  });

  it('names a missing field', async () => {
    await start();
    const { code, remark } = await nameserver.ask({ code: GetRouteinfoByTopic.code, opaque: 1 });
    expect([code, remark]).toEqual([1, 'header field topic is missing']);
  });
});

describe('registration and routes', () => {
  it.each([false, true])('makes routes of a registration, deflated: %s', async (deflated) => {
    await start();
    await expect(route('TopicTest')).rejects.toMatchObject(noRoute);
    expect(await register({ deflated })).toMatchObject({ header: {}, body: null });
    expect(await route('TopicTest')).toMatchObject({
      brokerDatas: [{ brokerName: 'broker-a', cluster: 'DefaultCluster' }],
      queueDatas: [{ brokerName: 'broker-a', perm: 6, readQueueNums: 4, writeQueueNums: 4 }],
    });
  });

  it('tells slaves their master', async () => {
    await start();
    await register();
    const slave = { brokerId: 1, brokerAddr: '10.0.0.3:10911', haServerAddr: '10.0.0.3:10912' };
    expect((await register(slave)).header).toEqual({
      masterAddr: '10.0.0.2:10911',
      haServerAddr: '10.0.0.2:10912',
    });
  });

  it('refuses a body whose checksum is wrong, a first registration of one topic, a taken id', async () => {
    await start();
    await expect(register({ bodyCrc32: 7 })).rejects.toMatchObject(
      refusal(ResponseCode.SYSTEM_ERROR, 'crc32 not match'),
    );
    await expect(register({ topics: ['T'] })).rejects.toMatchObject(
      refusal(ResponseCode.SYSTEM_ERROR, 'register broker failed'),
    );
    await register();
    await expect(
      nameserver.registerOver('10.0.0.7', { brokerAddr: '10.0.0.7:10911' }),
    ).rejects.toMatchObject(refusal(1, /broker-a 0 is registered from 10\.0\.0\.2:10911.*alive/));
  });

  it('takes the bare topics of a broker before 3.0.11, and a registration without a body', async () => {
    await start();
    const old = codec(RegisterBroker).encodeRequest({
      header: { ...registration().header, bodyCrc32: 0 },
      body: Buffer.from(
        '{"dataVersion":{"counter":1,"timestamp":2},"topicConfigTable":{"Old":{"topicName":"Old"},"Older":{"topicName":"Older"}}}',
      ),
    });
    const answer = await nameserver.ask({ code: 103, opaque: 1, version: 36, ...old });
    expect(answer.code).toBe(0);
    // That connection is still open, and so the broker is still there.
    expect((await route('Old')).queueDatas[0]?.readQueueNums).toBe(16);
    const empty = codec(RegisterBroker).encodeRequest({
      header: { ...registration({ brokerName: 'b', brokerAddr: 'h:1' }).header, bodyCrc32: 0 },
      body: Buffer.alloc(0),
    });
    expect((await nameserver.ask({ code: 103, opaque: 1, ...empty })).code).toBe(0);
  });

  it('quotes ids for clients from 4.9.4 on and for those that ask, not for older ones', async () => {
    await start();
    await register();
    const textFor = async (version: number, ext: [string, string][] = []) => {
      const frame = {
        code: 105,
        opaque: 1,
        version,
        ext: new Map([['topic', 'TopicTest'], ...ext]),
      };
      return (await nameserver.ask(frame)).body.toString();
    };
    const quoted = '"brokerAddrs":{"0":"10.0.0.2:10911"}';
    const bare = '"brokerAddrs":{0:"10.0.0.2:10911"}';
    expect(await textFor(401)).toContain(quoted);
    expect(await textFor(400)).toContain(bare);
    expect(await textFor(317)).toContain(bare);
    expect(await textFor(317, [['acceptStandardJsonOnly', 'true']])).toContain(quoted);
    expect(await textFor(317)).toContain('"filterServerTable":{}');
  });

  it('forgets a broker at once when its connection closes, and others not', async () => {
    await start();
    const a = await nameserver.registerOver('10.0.0.7');
    await nameserver.registerOver('10.0.0.8', { brokerName: 'broker-b', brokerAddr: 'h:2' });
    expect((await route('TopicTest')).brokerDatas).toHaveLength(2);
    a.close('test');
    await nameserver.clock.advance(0);
    expect((await route('TopicTest')).brokerDatas).toMatchObject([{ brokerName: 'broker-b' }]);
  });

  it('forgets a silent broker after its own time or 120 s, and closes its connection', async () => {
    await start();
    const quick = { brokerName: 'b', brokerAddr: 'h:2', heartbeatTimeoutMs: 20_000 };
    const connection = await nameserver.registerOver('10.0.0.8', quick);
    const beats = { ...address, brokerAddr: 'h:2', brokerName: 'b' };
    await nameserver.clock.advance(18_000);
    await nameserver.call(BrokerHeartbeat, { header: beats, body: null });
    await nameserver.clock.advance(18_000);
    expect(nameserver.state.routes.brokerCount).toBe(1);
    await nameserver.clock.advance(8_000);
    expect(nameserver.state.routes.brokerCount).toBe(0);
    expect(connection.closed).toBe(true);
  });

  it('unregisters on request of the broker’s machine or of an admin', async () => {
    await start('adminPeers=10.0.0.9');
    await nameserver.registerOver('10.0.0.7');
    await expect(
      nameserver.call(UnregisterBroker, { header: named, body: null }),
    ).rejects.toMatchObject(refusal(ResponseCode.NO_PERMISSION, /10\.0\.0\.2/));
    const frame = {
      code: 104,
      opaque: 1,
      ...codec(UnregisterBroker).encodeRequest({ header: named, body: null }),
    };
    expect((await nameserver.ask(frame, { from: '10.0.0.7' })).code).toBe(0);
    expect(nameserver.state.routes.brokerCount).toBe(0);
    expect((await nameserver.ask(frame, { from: '10.0.0.7' })).code).toBe(0);
  });

  it('says which topics it knows of a broker, and takes the question as a sign of life', async () => {
    await start();
    const ask = (counter: number) =>
      nameserver.call(QueryDataVersion, { header: named, body: { ...VERSION_ONE, counter } });
    expect(await ask(1)).toEqual({ header: { changed: true }, body: null });
    await register();
    expect(await ask(1)).toEqual({ header: { changed: false }, body: VERSION_ONE });
    expect((await ask(2)).header.changed).toBe(true);
  });

  it('registers single topics of known brokers', async () => {
    await start();
    await register();
    const body = (...brokers: string[]) => ({
      brokerDatas: [],
      filterServerTable: new Map<string, string[]>(),
      orderTopicConf: undefined,
      queueDatas: brokers.map(queueData),
      topicQueueMappingByBroker: undefined,
    });
    const single = (topic: string, ...brokers: string[]) =>
      nameserver.call(RegisterTopicInNamesrv, { header: { topic }, body: body(...brokers) });
    await single('Single', 'broker-a');
    expect((await route('Single')).queueDatas).toEqual([queueData('broker-a')]);
    await single('Unknown', 'nobody');
    await expect(route('Unknown')).rejects.toMatchObject(noRoute);
    await expect(single('a\nb', 'broker-a')).rejects.toMatchObject(refusal(1, /cannot be regist/));
  });

  it('notifies the members of a group that its smallest id changed', async () => {
    await start('notifyMinBrokerIdChanged=true');
    const heard: unknown[] = [];
    const slave = new RemotingServer({
      network: nameserver.network,
      clock: nameserver.clock,
      logger: nameserver.logger,
      listeners: [{ name: 'main', host: '10.0.0.3', port: 20_911 }],
    });
    slave.route(NotifyMinBrokerIdChange.code, (frame) =>
      heard.push(Object.fromEntries(frame.ext())),
    );
    await slave.listen();
    const master = await nameserver.registerOver('10.0.0.7', { enableActingMaster: true });
    await nameserver.registerOver('10.0.0.3', {
      brokerId: 1,
      brokerAddr: '10.0.0.3:20911',
      enableActingMaster: true,
    });
    master.close('test');
    for (let i = 0; i < 5; i++) await nameserver.clock.advance(10);
    expect(heard).toEqual([
      {
        brokerName: 'broker-a',
        minBrokerId: '1',
        minBrokerAddr: '10.0.0.3:20911',
        offlineBrokerAddr: '10.0.0.2:10911',
      },
    ]);
    const group = { clusterName: 'DefaultCluster', brokerName: 'broker-a' };
    const { body } = await nameserver.call(GetBrokerMemberGroup, { header: group, body: null });
    expect(body.brokerMemberGroup?.brokerAddrs).toEqual(new Map([[1, '10.0.0.3:20911']]));
  });

  it('answers with the addresses of the listener that was asked', async () => {
    await start('listeners=internal:0.0.0.0:9876,external:0.0.0.0:9886');
    await register({ advertised: 'external:nat.example:30911' });
    const frame = { code: 105, opaque: 1, ext: new Map([['topic', 'TopicTest']]) };
    const told = async (port: number) =>
      decodeTopicRoute(
        (await nameserver.ask(frame, { port })).body,
      ).brokerDatas[0]?.brokerAddrs.get(0);
    expect(await told(9_876)).toBe('10.0.0.2:10911');
    expect(await told(9_886)).toBe('nat.example:30911');
    await expect(register({ advertised: 'external' })).rejects.toMatchObject(
      refusal(1, /__ADVERTISED wants name:host:port/),
    );
  });

  it('waits for brokers after its start where it is told to', async () => {
    await start('needWaitForService=true\nwaitSecondsForService=10');
    await register();
    await expect(route('TopicTest')).rejects.toMatchObject(refusal(1, 'name server not ready'));
    await nameserver.clock.advance(10_000);
    expect((await route('TopicTest')).brokerDatas).toHaveLength(1);
  });

  it('filters by zone', async () => {
    await start();
    await register({ zoneName: 'z1' });
    const header = { topic: 'TopicTest', zoneMode: 'true' };
    const inZone = async (zoneName: string) => {
      const { body } = await nameserver.call(GetRouteinfoByTopic, {
        header: { ...header, zoneName },
        body: null,
      });
      return decodeTopicRoute(body).brokerDatas.length;
    };
    expect([await inZone('Z1'), await inZone('z2'), await inZone(' ')]).toEqual([1, 0, 1]);
  });
});

describe('administration', () => {
  it('lists clusters and topics', async () => {
    await start();
    await register();
    const list = async (command: typeof GetAllTopicListFromNameserver) =>
      (await nameserver.call(command, none)).body;
    expect((await list(GetAllTopicListFromNameserver)).topicList).toEqual(['TopicTest', 'TBW102']);
    expect(await list(GetSystemTopicListFromNs as never)).toEqual({
      topicList: ['DefaultCluster', 'broker-a'],
      brokerAddr: '10.0.0.2:10911',
    });
    for (const command of [GetUnitTopicList, GetHasUnitSubTopicList, GetHasUnitSubUnunitTopicList])
      expect((await list(command as never)).topicList).toEqual([]);
    const cluster = { header: { cluster: 'DefaultCluster' }, body: null };
    expect((await nameserver.call(GetTopicsByCluster, cluster)).body.topicList).toHaveLength(2);
    const { body } = await nameserver.call(GetBrokerClusterInfo, none);
    expect(body.clusterAddrTable).toEqual(new Map([['DefaultCluster', ['broker-a']]]));
    expect(body.brokerAddrTable.get('broker-a')?.brokerAddrs.get(0)).toBe('10.0.0.2:10911');
  });

  it('refuses lists that are switched off', async () => {
    await start('enableAllTopicList=false\nenableTopicList=false');
    const disabled = refusal(ResponseCode.SYSTEM_ERROR, 'disable');
    for (const command of [GetAllTopicListFromNameserver, GetUnitTopicList])
      await expect(nameserver.call(command as never, none as never)).rejects.toMatchObject(
        disabled,
      );
  });

  it('wipes and gives back the right to write, and deletes topics', async () => {
    await start();
    await register();
    const header = { brokerName: 'broker-a' };
    expect((await nameserver.call(WipeWritePermOfBroker, { header, body: null })).header).toEqual({
      wipeTopicCount: 2,
    });
    expect((await route('TopicTest')).queueDatas[0]?.perm).toBe(4);
    expect((await nameserver.call(AddWritePermOfBroker, { header, body: null })).header).toEqual({
      addTopicCount: 2,
    });
    const inCluster = { topic: 'TopicTest', clusterName: 'DefaultCluster' };
    await nameserver.call(DeleteTopicInNamesrv, { header: inCluster, body: null });
    await expect(route('TopicTest')).rejects.toMatchObject(noRoute);
  });

  it('lets only admins change anything', async () => {
    await start();
    await register();
    const before = nameserver.state.routes.topicCount;
    const requests = [
      [PutKvConfig, { namespace: 'n', key: 'k', value: 'v' }],
      [DeleteKvConfig, { namespace: 'n', key: 'k' }],
      [WipeWritePermOfBroker, { brokerName: 'broker-a' }],
      [AddWritePermOfBroker, { brokerName: 'broker-a' }],
      [DeleteTopicInNamesrv, { topic: 'TopicTest' }],
      [UnregisterBroker, named],
      [GetNamesrvConfig, {}],
      [UpdateNamesrvConfig, {}, 'enableTopicList=false'],
    ] as const;
    for (const [command, header, body = null] of requests) {
      const { ext, body: bytes } = codec(command as typeof PutKvConfig).encodeRequest({
        header,
        body,
      } as never);
      const answer = await nameserver.ask(
        { code: command.code, opaque: 1, ext, body: bytes },
        { from: '10.0.0.66' },
      );
      expect([command.name, answer.code]).toEqual([command.name, ResponseCode.NO_PERMISSION]);
    }
    expect(nameserver.state.routes.topicCount).toBe(before);
    expect(nameserver.state.kvConfig.entryCount).toBe(0);
  });

  it('lets only the peers that it is told register brokers', async () => {
    await start('brokerPeers=10.0.0.7');
    await expect(register()).rejects.toMatchObject(
      refusal(ResponseCode.NO_PERMISSION, /brokerPeers/),
    );
    await nameserver.registerOver('10.0.0.7');
    expect(nameserver.state.routes.brokerCount).toBe(1);
  });
});

describe('key-value entries', () => {
  const put = (key: string, value: string, namespace = 'ORDER_TOPIC_CONFIG') =>
    nameserver.call(PutKvConfig, { header: { namespace, key, value }, body: null });
  const get = (key: string, namespace = 'ORDER_TOPIC_CONFIG') =>
    nameserver.call(GetKvConfig, { header: { namespace, key }, body: null });

  it('go to routes of ordered topics and to brokers, and are answered as Apache words it', async () => {
    await start('orderMessageEnable=true');
    const absent = refusal(
      ResponseCode.QUERY_NOT_FOUND,
      'No config item, Namespace: ORDER_TOPIC_CONFIG Key: TopicTest',
    );
    await expect(get('TopicTest')).rejects.toMatchObject(absent);
    await put('TopicTest', 'broker-a:4');
    expect((await get('TopicTest')).header.value).toBe('broker-a:4');
    expect((await register()).body).toEqual({ table: new Map([['TopicTest', 'broker-a:4']]) });
    expect((await route('TopicTest')).orderTopicConf).toBe('broker-a:4');
    await nameserver.call(DeleteKvConfig, {
      header: { namespace: 'ORDER_TOPIC_CONFIG', key: 'TopicTest' },
      body: null,
    });
    expect((await route('TopicTest')).orderTopicConf).toBeUndefined();
    const list = (namespace: string) =>
      nameserver.call(GetKvlistByNamespace, { header: { namespace }, body: null });
    expect((await list('ORDER_TOPIC_CONFIG')).body.table.size).toBe(0);
    await expect(list('nothing')).rejects.toMatchObject(refusal(22, /Namespace: nothing/));
  });

  it('survive a restart and a power loss once they are answered, in Apache’s file', async () => {
    await start();
    await put('T', 'broker-a:4');
    await put('T', 'broker-a:8');
    const { disk, clock } = nameserver;
    const text = (await nameserver.settled(disk.readFile('/ns/kvConfig.json')))?.toString();
    expect(text).toBe(
      '{\n\t"configTable":{\n\t\t"ORDER_TOPIC_CONFIG":{\n\t\t\t"T":"broker-a:8"\n\t\t}\n\t}\n}',
    );
    disk.losePower();
    nameserver = await SimulatedNameserver.start('', { disk, clock });
    expect((await get('T')).header.value).toBe('broker-a:8');
  });

  it('are read from the backup when the file is damaged, and never taken for absent', async () => {
    await start();
    await put('T', '1');
    await put('T', '2');
    const { disk, clock } = nameserver;
    const damage = async (path: string) => {
      const file = await nameserver.settled(disk.open(path, { create: true }));
      await nameserver.settled(file.truncate(5));
      await nameserver.settled(file.close());
    };
    await damage('/ns/kvConfig.json');
    nameserver = await SimulatedNameserver.start('', { disk, clock });
    expect((await get('T')).header.value).toBe('1');
    await damage('/ns/kvConfig.json');
    await damage('/ns/kvConfig.json.bak');
    await expect(SimulatedNameserver.start('', { disk, clock })).rejects.toThrow(
      /kvConfig\.json and its backup cannot be read/,
    );
  });

  it('that cannot be saved are not answered with success', async () => {
    await start();
    nameserver.disk.capacityBytes = 0;
    await expect(put('T', '1')).rejects.toMatchObject(refusal(1, /not saved/));
  });

  it('are limited', async () => {
    await start('kvEntryCountMax=1');
    await put('a', '1');
    await expect(put('b', '1')).rejects.toMatchObject(refusal(1, /kvEntryCountMax/));
  });
});

describe('settings over the wire', () => {
  const update = (body: string) => nameserver.call(UpdateNamesrvConfig, { header: {}, body });

  it('shows Apache’s names, changes what may change at once, and remembers it', async () => {
    await start();
    await update('enableTopicList=false\nwaitSecondsForService=3\n');
    const { body } = await nameserver.call(GetNamesrvConfig, none);
    expect(body).toMatch(/^enableTopicList=false$/m);
    expect(body).toMatch(/^waitSecondsForService=3$/m);
    await expect(nameserver.call(GetUnitTopicList, none as never)).rejects.toThrow('disable');
    const file = await nameserver.settled(
      nameserver.disk.readFile('/ns/namesrv.updates.properties'),
    );
    expect(file?.toString()).toContain('enableTopicList=false\nwaitForServiceMs=3000\n');
  });

  it.each([
    ['kvConfigPath=/tmp/x', ResponseCode.NO_PERMISSION, /kvConfigPath=\/tmp\/x is fixed/],
    ['listenPort=1', ResponseCode.NO_PERMISSION, /is fixed/],
    ['adminPeers=any', ResponseCode.NO_PERMISSION, /is fixed/],
    ['configStorePath=/tmp/x', ResponseCode.INVALID_PARAMETER, /is not known/],
    ['rocketmqHome=/tmp/x', ResponseCode.INVALID_PARAMETER, /is not known/],
    ['enableTopicList=perhaps', ResponseCode.INVALID_PARAMETER, /wants true or false/],
    ['enableTopicList=\\uzz', ResponseCode.INVALID_PARAMETER, /hexadecimal/],
    ['enableTopicList=false\nlistenPort=1', ResponseCode.NO_PERMISSION, /listenPort/],
  ])('refuses %j and changes nothing', async (body, code, remark) => {
    await start();
    await expect(update(body)).rejects.toMatchObject(refusal(code, remark));
    await nameserver.call(GetUnitTopicList, none);
    expect(await nameserver.settled(nameserver.disk.exists('/ns/namesrv.updates.properties'))).toBe(
      false,
    );
  });
});
