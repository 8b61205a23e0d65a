import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  defaultSubscriptionGroup,
  DeleteSubscriptiongroup,
  DeleteTopicInBroker,
  GetAllSubscriptiongroupConfig,
  GetAllTopicConfig,
  GetBrokerConfig,
  GetBrokerRuntimeInfo,
  GetConsumeStats,
  GetSubscriptiongroupConfig,
  GetSystemTopicListFromBroker,
  GetTopicConfig,
  GetTopicStatsInfo,
  QueryConsumerOffset,
  QueryMessage,
  QueryTopicConsumeByWho,
  QueryTopicsByConsumer,
  ResponseCode,
  UpdateAndCreateSubscriptiongroup,
  UpdateAndCreateSubscriptiongroupList,
  UpdateAndCreateTopic,
  UpdateAndCreateTopicList,
  UpdateBrokerConfig,
  UpdateConsumerOffset,
  ViewMessageById,
  decodeRecords,
} from '@rocketmq-ts/protocol';
import { heartbeat } from './heartbeat.js';
import { newTopic } from './requests.js';
import { BROKER, brokerForEachTest, type SimulatedBroker } from './simulated-broker.js';

let broker: SimulatedBroker;
brokerForEachTest((started) => (broker = started));

const NOTHING = { header: {}, body: null };
const setTopic = (topic: string, header = {}) =>
  broker.ask(UpdateAndCreateTopic, newTopic(topic, header));
const setGroup = (groupName: string, more = {}) =>
  broker.ask(UpdateAndCreateSubscriptiongroup, {
    header: {},
    body: { ...defaultSubscriptionGroup(groupName), ...more },
  });

describe('a topic', () => {
  it('can be created, changed, shown and deleted', async () => {
    expect((await setTopic('orders', { readQueueNums: 3, writeQueueNums: 2 })).code).toBe(0);
    expect((await setTopic('orders', { readQueueNums: 6, order: true })).code).toBe(0);
    const { body } = await broker.call(GetTopicConfig, { header: { topic: 'orders' }, body: null });
    expect(body).toMatchObject({
      topicName: 'orders',
      readQueueNums: 6,
      writeQueueNums: 4,
      order: true,
    });

    await broker.sent('orders', 'gone soon');
    await broker.call(DeleteTopicInBroker, { header: { topic: 'orders' }, body: null });
    const gone = await broker.ask(GetTopicConfig, { header: { topic: 'orders' }, body: null });
    expect(gone).toMatchObject({
      code: ResponseCode.TOPIC_NOT_EXIST,
      remark: 'No topic in this broker. topic: orders',
    });
  });

  it('that comes again has none of its old messages, and no offset twice', async () => {
    for (let i = 0; i < 3; i++) await broker.sent('orders', 'old');
    await broker.call(DeleteTopicInBroker, { header: { topic: 'orders' }, body: null });
    await broker.sent('orders', 'new');
    const from = Number((await broker.pull('orders', 0)).ext.get('nextBeginOffset'));
    expect(from).toBe(3);
    const { records } = await broker.pull('orders', from);
    expect(records.map(({ body }) => body)).toEqual(['new']);
    broker.kill();
    await broker.startAgain();
    expect((await broker.pull('orders', from)).records).toHaveLength(1);
  });

  it('can be deleted under the hands of its producers', async () => {
    await broker.sent('orders', 'first');
    const sends = Array.from({ length: 50 }, (_, i) => broker.send('orders', `message ${i}`));
    const deletion = broker.call(DeleteTopicInBroker, { header: { topic: 'orders' }, body: null });
    const more = Array.from({ length: 50 }, (_, i) => broker.send('orders', `late ${i}`));
    await deletion;
    for (const { code } of await Promise.all([...sends, ...more])) expect(code).toBe(0);
    const last = await broker.sent('orders', 'last');
    const { records } = await broker.pull('orders', Number(last.get('queueOffset')));
    expect(records.map(({ body }) => body)).toEqual(['last']);
  });

  it('is there after a restart, and after the death of the process, as it was when it was answered', async () => {
    await setTopic('orders', { attributes: '+message.type=FIFO' });
    broker.kill();
    await broker.startAgain();
    expect(broker.topic('orders')).toMatchObject({
      writeQueueNums: 4,
      attributes: new Map([['message.type', 'FIFO']]),
    });
    await broker.restart();
    expect(broker.topic('orders')).toBeDefined();
  });

  it('can be set with others in one go, all or none', async () => {
    const config = (topicName: string, perm = 6) => ({
      topicName,
      perm,
      readQueueNums: 2,
      writeQueueNums: 2,
      topicFilterType: 'SINGLE_TAG' as const,
      topicSysFlag: 0,
      order: false,
      attributes: new Map<string, string>(),
    });
    const set = (...topicConfigList: ReturnType<typeof config>[]) =>
      broker.ask(UpdateAndCreateTopicList, { header: {}, body: { topicConfigList } });
    expect((await set(config('one'), config('two'))).code).toBe(0);
    expect((await set(config('three'), config('four', 9))).code).not.toBe(0);
    expect(['one', 'two', 'three'].map((name) => broker.topic(name) !== undefined)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each([
    ['an illegal name', 'bad name', {}, /contains illegal characters/],
    ['a blank name', ' ', {}, 'The specified topic is blank.'],
    [
      'the name of a system topic',
      'TBW102',
      {},
      'The topic[TBW102] is conflict with system topic.',
    ],
    [
      'the name of the broker',
      'broker-a',
      {},
      'The topic[broker-a] is conflict with system topic.',
    ],
    ['an illegal permission', 'orders', { perm: 8 }, /perm\[8\]/],
    ['a negative number of queues', 'orders', { writeQueueNums: -1 }, /must not be negative/],
    ['too many queues', 'orders', { writeQueueNums: 1_000_000 }, /at most \d+ are allowed/],
    ['an unknown attribute', 'orders', { attributes: '+colour=red' }, /colour/],
    ['an attribute without a sign', 'orders', { attributes: 'message.type=FIFO' }, /message\.type/],
  ])('is refused with %s', async (_what, topic, header, remark) => {
    const answer = await setTopic(topic, header);
    expect(answer.code).toBe(ResponseCode.INVALID_PARAMETER);
    expect(answer.remark).toMatch(remark);
    expect(broker.topic('orders')).toBeUndefined();
  });

  it('takes with it what those who pop it have given back, but no retry topic of another group', async () => {
    for (const topic of ['orders', '%RETRY%popper_orders', '%RETRY%a_orders']) {
      await broker.sent(topic, 'x');
    }
    const groups = ['popper', 'a', 'a_orders'];
    for (const group of groups) await heartbeat(broker, { group });
    const commit = (consumerGroup: string, topic: string) =>
      broker.call(UpdateConsumerOffset, {
        header: { consumerGroup, topic, queueId: 0, commitOffset: 1 },
        body: null,
      });
    await commit('popper', 'orders');
    await commit('a', 'orders');
    await commit('a_orders', '%RETRY%a_orders');
    await broker.call(DeleteTopicInBroker, { header: { topic: 'orders' }, body: null });
    const left = ['orders', '%RETRY%popper_orders', '%RETRY%a_orders'].filter((topic) =>
      broker.topic(topic),
    );
    expect(left).toEqual(['%RETRY%a_orders']);
  });

  it('of the system cannot be deleted', async () => {
    for (const topic of ['TBW102', 'SCHEDULE_TOPIC_XXXX', 'broker-a', 'DefaultCluster']) {
      const answer = await broker.ask(DeleteTopicInBroker, { header: { topic }, body: null });
      expect(answer).toMatchObject({
        code: ResponseCode.INVALID_PARAMETER,
        remark: `The topic[${topic}] is conflict with system topic.`,
      });
    }
  });

  it('cannot be made where the broker holds as many as it may', async () => {
    const { body } = await broker.call(GetAllTopicConfig, NOTHING);
    await broker.restart(`topicCountMax=${body.topicConfigTable.size + 1}`);
    expect((await setTopic('one')).code).toBe(0);
    expect(await setTopic('two')).toMatchObject({
      code: ResponseCode.INVALID_PARAMETER,
      remark: expect.stringMatching(/topics/),
    });
    const sent = await broker.send('three');
    expect(sent.code).toBe(ResponseCode.SYSTEM_ERROR);
    expect(sent.remark).toMatch(
      /^topic\[three\] could not be created: the broker holds topicCountMax=\d+ topics/,
    );
  });

  it('is not made where the file cannot be written, and the message is not taken', async () => {
    broker.world.disk.fault = (operation, path) =>
      operation !== 'read' && path.includes('topics.json') ? 'EIO' : undefined;
    const answer = await broker.send('orders', 'x');
    expect(answer.code).toBe(ResponseCode.SYSTEM_ERROR);
    expect(answer.remark).toMatch(/^topic\[orders\] could not be created: /);
    expect((await setTopic('orders')).remark).toMatch(/^topics\.json could not be saved/);
    broker.world.disk.fault = () => undefined;
    expect((await broker.send('orders', 'x')).code).toBe(0);
  });

  it('stands in the list of all, in pages too', async () => {
    for (const topic of ['a1', 'a2', 'a3']) await setTopic(topic);
    const all = await broker.call(GetAllTopicConfig, NOTHING);
    const names = [...all.body.topicConfigTable.keys()];
    expect(names).toEqual(expect.arrayContaining(['a1', 'a2', 'a3', 'TBW102', 'broker-a']));
    const { header, body } = await broker.call(GetAllTopicConfig, {
      header: { topicSeq: 0, maxTopicNum: 2 },
      body: null,
    });
    expect(header.totalTopicNum).toBe(names.length);
    expect(body.topicConfigTable.size).toBe(2);
  });
});

describe('a new broker', () => {
  it('has the topics that Apache’s broker is born with', async () => {
    const { body } = await broker.call(GetAllTopicConfig, NOTHING);
    const queues = Object.fromEntries(
      [...body.topicConfigTable].map(([name, config]) => [
        name,
        [config.readQueueNums, config.writeQueueNums, config.perm],
      ]),
    );
    expect(queues).toMatchObject({
      TBW102: [8, 8, 7],
      SELF_TEST_TOPIC: [1, 1, 6],
      BenchmarkTest: [1024, 1024, 6],
      DefaultCluster: [16, 16, 7],
      'broker-a': [1, 1, 7],
      OFFSET_MOVED_EVENT: [1, 1, 6],
      SCHEDULE_TOPIC_XXXX: [18, 18, 6],
      DefaultCluster_REPLY_TOPIC: [1, 1, 6],
    });
  });

  it('names its system topics', async () => {
    const { body } = await broker.call(GetSystemTopicListFromBroker, NOTHING);
    expect(body.topicList).toEqual(
      expect.arrayContaining(['TBW102', 'SCHEDULE_TOPIC_XXXX', 'broker-a', 'DefaultCluster']),
    );
  });
});

describe('a consumer group', () => {
  const get = (group: string) =>
    broker.ask(GetSubscriptiongroupConfig, { header: { group }, body: null });

  it('can be created, changed, shown and deleted, and outlives the process', async () => {
    expect((await setGroup('payers', { retryMaxTimes: 3 })).code).toBe(0);
    broker.kill();
    await broker.startAgain();
    const { body } = await broker.call(GetSubscriptiongroupConfig, {
      header: { group: 'payers' },
      body: null,
    });
    expect(body).toMatchObject({ groupName: 'payers', retryMaxTimes: 3 });
    await broker.call(DeleteSubscriptiongroup, {
      header: { groupName: 'payers', cleanOffset: true },
      body: null,
    });
    const { body: all } = await broker.call(GetAllSubscriptiongroupConfig, NOTHING);
    expect(all.subscriptionGroupTable.has('payers')).toBe(false);
  });

  it('takes its offsets with it where that is asked for', async () => {
    await setTopic('orders');
    for (const [cleanOffset, code] of [
      [false, 0],
      [true, ResponseCode.QUERY_NOT_FOUND],
    ] as const) {
      await setGroup('payers');
      const header = { consumerGroup: 'payers', topic: 'orders', queueId: 0 };
      await broker.call(UpdateConsumerOffset, {
        header: { ...header, commitOffset: 4 },
        body: null,
      });
      await broker.call(DeleteSubscriptiongroup, {
        header: { groupName: 'payers', cleanOffset },
        body: null,
      });
      expect((await broker.ask(QueryConsumerOffset, { header, body: null })).code).toBe(code);
    }
  });

  it('can be set with others in one go', async () => {
    const groupConfigList = ['one', 'two'].map(defaultSubscriptionGroup);
    await broker.call(UpdateAndCreateSubscriptiongroupList, {
      header: {},
      body: { groupConfigList },
    });
    expect((await get('two')).code).toBe(0);
  });

  it('comes into being with its first use, where that is allowed', async () => {
    expect((await get('new')).code).toBe(0);
    await broker.pass(1_000);
    expect(await broker.fileText('/store/config/subscriptionGroup.json')).toContain('"new":{');
    await broker.restart('autoCreateSubscriptionGroup=false');
    expect((await get('new')).code).toBe(0);
    expect(await get('newer')).toMatchObject({
      code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
      remark: 'No group in this broker. group: newer',
    });
  });

  it('is refused with a name that cannot be one', async () => {
    const answer = await setGroup('bad group');
    expect(answer.code).toBe(ResponseCode.INVALID_PARAMETER);
    expect(answer.remark).toMatch(/bad group/);
    expect((await setGroup('g'.repeat(300))).code).toBe(ResponseCode.INVALID_PARAMETER);
  });
});

describe('only some peers may change something', () => {
  it('others are told which setting says so', async () => {
    const stranger = broker.newClient('10.0.0.77');
    const answers = await Promise.all(
      [
        stranger.exchange(BROKER, UpdateAndCreateTopic, newTopic('orders'), { timeoutMs: 9_000 }),
        stranger.exchange(
          BROKER,
          DeleteTopicInBroker,
          { header: { topic: 'x' }, body: null },
          { timeoutMs: 9_000 },
        ),
        stranger.exchange(
          BROKER,
          UpdateBrokerConfig,
          { header: {}, body: 'brokerPermission=4' },
          { timeoutMs: 9_000 },
        ),
        stranger.exchange(
          BROKER,
          DeleteSubscriptiongroup,
          { header: { groupName: 'x' }, body: null },
          { timeoutMs: 9_000 },
        ),
      ].map((work) => broker.settled(work)),
    );
    for (const { code, remark } of answers) {
      expect(code).toBe(ResponseCode.NO_PERMISSION);
      expect(remark).toBe(
        '10.0.0.77 may not change this broker; its setting adminPeers says who may',
      );
    }
    stranger.close();
  });
});

describe('the settings', () => {
  const update = (body: string) => broker.ask(UpdateBrokerConfig, { header: {}, body });
  const shown = async () => (await broker.call(GetBrokerConfig, NOTHING)).body;

  it('are shown under Apache’s names', async () => {
    expect(await shown()).toMatch(/^brokerName=broker-a$/m);
    expect(await shown()).toMatch(/^autoCreateTopicEnable=true$/m);
  });

  it('can be changed while it runs, and stay changed', async () => {
    expect((await update('autoCreateTopicEnable=false')).code).toBe(0);
    expect((await broker.send('orders')).code).toBe(ResponseCode.TOPIC_NOT_EXIST);
    await broker.restart();
    expect((await broker.send('orders')).code).toBe(ResponseCode.TOPIC_NOT_EXIST);
  });

  it('that cannot change while it runs are refused, and nothing is changed', async () => {
    const answer = await update('autoCreateTopicEnable=false\nlistenPort=1');
    expect(answer.code).toBe(ResponseCode.NO_PERMISSION);
    expect(answer.remark).toMatch(/^Can not update config: .*listenPort/);
    expect((await broker.send('orders')).code).toBe(0);
    expect((await update('noSuchSetting=1')).code).toBe(ResponseCode.NO_PERMISSION);
  });

  it('make a broker read-only', async () => {
    await setTopic('orders', { order: true });
    await update('brokerPermission=4');
    const answer = await broker.send('orders');
    expect(answer).toMatchObject({
      code: ResponseCode.NO_PERMISSION,
      remark: 'the broker[10.0.0.1] sending message is forbidden',
    });
  });
});

describe('the figures', () => {
  it('of the broker are Apache’s', async () => {
    await broker.sent('orders', 'x');
    await broker.pull('orders', 0);
    await broker.pass(61_000);
    const { body } = await broker.call(GetBrokerRuntimeInfo, NOTHING);
    const keys = Object.fromEntries(body.table);
    expect(keys).toMatchObject({
      brokerVersionDesc: 'V5_5_0',
      msgPutTotalTodayNow: '1',
      msgGetTotalTodayNow: '1',
      putMessageTimesTotal: '1',
      runtime: expect.stringMatching(/^\[ 0 days, 0 hours, 1 minutes, /),
      putTps: expect.stringMatching(/^[\d.]+ [\d.]+ [\d.]+$/),
      commitLogMaxOffset: expect.stringMatching(/^\d+$/),
      earliestMessageTimeStamp: expect.stringMatching(/^\d+$/),
    });
  });

  it('of a topic are those of its queues', async () => {
    await setTopic('orders', { readQueueNums: 2, writeQueueNums: 2 });
    await broker.sent('orders', 'x', { queueId: 1 });
    const { body } = await broker.call(GetTopicStatsInfo, {
      header: { topic: 'orders' },
      body: null,
    });
    expect(body.offsetTable).toEqual([
      [
        { brokerName: 'broker-a', queueId: 0, topic: 'orders' },
        { minOffset: 0, maxOffset: 0, lastUpdateTimestamp: 0 },
      ],
      [
        { brokerName: 'broker-a', queueId: 1, topic: 'orders' },
        { minOffset: 0, maxOffset: 1, lastUpdateTimestamp: expect.any(Number) },
      ],
    ]);
    const none = await broker.ask(GetTopicStatsInfo, { header: { topic: 'none' }, body: null });
    expect(none).toMatchObject({
      code: ResponseCode.TOPIC_NOT_EXIST,
      remark: 'topic[none] not exist',
    });
  });

  it('of a group show how far it is behind', async () => {
    await setTopic('orders', { readQueueNums: 1, writeQueueNums: 1 });
    for (let i = 0; i < 5; i++) await broker.sent('orders', 'x');
    await heartbeat(broker);
    await broker.call(UpdateConsumerOffset, {
      header: { consumerGroup: 'consumers', topic: 'orders', queueId: 0, commitOffset: 2 },
      body: null,
    });
    const { body } = await broker.call(GetConsumeStats, {
      header: { consumerGroup: 'consumers', topic: 'orders' },
      body: null,
    });
    expect(body.offsetTable).toEqual([
      [
        { brokerName: 'broker-a', queueId: 0, topic: 'orders' },
        { brokerOffset: 5, consumerOffset: 2, pullOffset: 2, lastTimestamp: expect.any(Number) },
      ],
    ]);
    const who = await broker.call(QueryTopicConsumeByWho, {
      header: { topic: 'orders' },
      body: null,
    });
    expect(who.body.groupList).toEqual(['consumers']);
    const what = await broker.call(QueryTopicsByConsumer, {
      header: { group: 'consumers' },
      body: null,
    });
    expect(what.body.topicList).toEqual(['orders']);
  });
});

describe('a message can be found', () => {
  const found = async (key: string, header = {}) => {
    const answer = await broker.ask(QueryMessage, {
      header: {
        topic: 'orders',
        key,
        maxNum: 10,
        beginTimestampMs: 0,
        endTimestampMs: Number.MAX_SAFE_INTEGER,
        ...header,
      },
      body: null,
    });
    return answer.code === 0
      ? decodeRecords(answer.body).map((r) => r.bodyBytes.toString('utf8', r.bodyStart, r.bodyEnd))
      : answer.remark;
  };

  beforeEach(async () => {
    for (const [i, key] of ['k1', 'k2', 'k1 k2'].entries()) {
      await broker.sent('orders', `message ${i}`, { properties: { KEYS: key, UNIQ_KEY: `U${i}` } });
    }
    await broker.pass(1_000);
  });

  it('by its key and by its unique key', async () => {
    expect(await found('k1')).toEqual(expect.arrayContaining(['message 0', 'message 2']));
    expect(await found('k2')).toHaveLength(2);
    expect(await found('U1', { uniqueKeyQuery: true })).toEqual(['message 1']);
    expect(await found('k1', { maxNum: 1 })).toHaveLength(1);
    expect(await found('k3')).toBe('can not find message, maybe time range not correct');
    expect(await found('k1', { beginTimestampMs: 0, endTimestampMs: 1 })).toMatch(/^can not find/);
  });

  it('by its id', async () => {
    const { records } = await broker.pull('orders', 1, { maxMsgNums: 1 });
    const { commitLogOffset } = records[0]!;
    const { body } = await broker.call(ViewMessageById, {
      header: { commitLogOffset },
      body: null,
    });
    expect(decodeRecords(body)[0]!.properties.get('UNIQ_KEY')).toBe('U1');
    for (const wrong of [-1, commitLogOffset + 1, 2 ** 50]) {
      const answer = await broker.ask(ViewMessageById, {
        header: { commitLogOffset: wrong },
        body: null,
      });
      expect(answer).toMatchObject({
        code: ResponseCode.SYSTEM_ERROR,
        remark: `can not find message by the offset, ${wrong}`,
      });
    }
  });
});

it('answers what it does not know with Apache’s code', async () => {
  const answer = await broker.raw({ code: 999 });
  expect(answer.code).toBe(ResponseCode.REQUEST_CODE_NOT_SUPPORTED);
  expect(answer.remark).toMatch(/999/);
});
