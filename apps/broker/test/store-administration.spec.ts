import { beforeEach, describe, expect, it } from '@jest/globals';
import { DurableFile } from '@rocketmq-ts/kernel';
import {
  CleanExpiredConsumequeue,
  CleanUnusedTopic,
  DeleteExpiredCommitlog,
  GetBrokerConsumeStats,
  GetBrokerHaStatus,
  GetConsumeStats,
  QueryConsumeQueue,
  QueryConsumeTimeSpan,
  QueryTopicsByConsumer,
  ResetMasterFlushOffset,
  ResponseCode,
  UpdateAndCreateTopic,
  UpdateAndGetGroupForbidden,
  UpdateConsumerOffset,
} from '@rocketmq-ts/protocol';
import type { Command, Message, Sent } from '@rocketmq-ts/protocol';
import { heartbeat } from './heartbeat.js';
import { newTopic } from './requests.js';
import { BROKER, brokerForEachTest, type SimulatedBroker } from './simulated-broker.js';

const HOUR_MS = 3_600_000;
let broker: SimulatedBroker;
brokerForEachTest((started) => (broker = started));

const NOTHING = { header: {}, body: null };
const store = () => broker.service.running().store;
const queueExists = (topic: string) => broker.world.disk.exists(`/store/consumequeue/${topic}/0`);
const commit = (topic: string, commitOffset: number, consumerGroup = 'consumers') =>
  broker.call(UpdateConsumerOffset, {
    header: { consumerGroup, topic, queueId: 0, commitOffset },
    body: null,
  });
/** What somebody from elsewhere is answered. */
async function asStranger<Q extends Message, R extends Message>(
  command: Command<Q, R>,
  message: Sent<Q>,
): Promise<number> {
  const stranger = broker.newClient('10.0.0.66');
  const frame = await broker.settled(
    stranger.exchange(BROKER, command, message, { timeoutMs: 3_000 }),
  );
  stranger.close();
  return frame.code;
}

describe('old files of the log', () => {
  it('are deleted when somebody asks, and queues without messages go when somebody asks', async () => {
    await broker.sent('quiet', 'first of all');
    for (let i = 0; i < 40; i++) await broker.sent('orders', 'x'.repeat(60_000));
    await broker.pass(10_000);
    broker.world.clock.stepWallClock(80 * HOUR_MS);
    expect((await broker.ask(DeleteExpiredCommitlog, NOTHING)).code).toBe(0);
    await broker.pass(2_000);
    expect(store().commitLogMinOffset).toBeGreaterThan(1024 * 1024 - 1);
    expect(await queueExists('quiet')).toBe(true);
    expect((await broker.ask(CleanExpiredConsumequeue, NOTHING)).code).toBe(0);
    expect([await queueExists('quiet'), await queueExists('orders')]).toEqual([false, true]);
    const again = await broker.sent('quiet', 'again');
    expect(again.get('queueOffset')).toBe('1');
    expect((await broker.pull('quiet', 1)).records.map(({ body }) => body)).toEqual(['again']);
  });
});

describe('queues of topics that are gone', () => {
  it('are removed when somebody asks, all others stay', async () => {
    await broker.sent('orders', 'stays');
    await broker.sent('forgotten', 'goes');
    await broker.pass(6_000);
    const table = await broker.fileText('/store/config/topics.json');
    const { topicConfigTable, ...rest } = JSON.parse(table!) as {
      topicConfigTable: Record<string, unknown>;
    };
    delete topicConfigTable['forgotten'];
    await broker.stop();
    const without = JSON.stringify({ ...rest, topicConfigTable });
    const file = new DurableFile(broker.world.disk, '/store/config/topics.json');
    await broker.settled(file.save(() => without));
    await broker.startAgain();
    expect(await queueExists('forgotten')).toBe(true);
    expect((await broker.ask(CleanUnusedTopic, NOTHING)).code).toBe(0);
    expect([await queueExists('forgotten'), await queueExists('orders')]).toEqual([false, true]);
    expect((await broker.pull('orders', 0)).records).toHaveLength(1);
  });

  it('are not removed under the hands of who creates the topic at this moment', async () => {
    const made: Promise<unknown>[] = [];
    for (let i = 0; i < 20; i++) {
      made.push(broker.sent(`new-${i}`, 'precious'));
      made.push(broker.ask(CleanUnusedTopic, NOTHING));
    }
    await Promise.all(made);
    for (let i = 0; i < 20; i++) {
      expect((await broker.pull(`new-${i}`, 0)).records).toHaveLength(1);
    }
  });
});

describe('what only administrators may do', () => {
  it('is refused to others', async () => {
    for (const command of [CleanExpiredConsumequeue, CleanUnusedTopic, DeleteExpiredCommitlog]) {
      expect(await asStranger(command, NOTHING)).toBe(ResponseCode.NO_PERMISSION);
    }
    const header = { group: 'consumers', topic: 'orders' };
    const forbid = { header: { ...header, readable: false }, body: null };
    expect(await asStranger(UpdateAndGetGroupForbidden, forbid)).toBe(ResponseCode.NO_PERMISSION);
    expect(await asStranger(UpdateAndGetGroupForbidden, { header, body: null })).toBe(0);
  });
});

describe('a topic that is forbidden to a group', () => {
  const forbid = (readable?: boolean, group = 'consumers') =>
    broker.ask(UpdateAndGetGroupForbidden, {
      header: { group, topic: 'orders', ...(readable !== undefined && { readable }) },
      body: null,
    });
  const byHeartbeat = { header: { sysFlag: 0 } };

  it('is not given to it, until it is allowed again, restarts or not', async () => {
    await broker.sent('orders', 'secret');
    await heartbeat(broker);
    expect((await forbid()).body.toString()).toBe(
      '{"group":"consumers","readable":true,"topic":"orders"}',
    );
    expect((await forbid(false)).body.toString()).toContain('"readable":false');
    broker.kill();
    await broker.startAgain();
    await heartbeat(broker);
    expect(await broker.pull('orders', 0, byHeartbeat)).toMatchObject({
      code: ResponseCode.NO_PERMISSION,
      remark: 'the consumer group[consumers] is forbidden for topic[orders]',
    });
    expect((await forbid(true)).body.toString()).toContain('"readable":true');
    expect((await broker.pull('orders', 0, byHeartbeat)).records).toHaveLength(1);
  });

  it('must have a group, and stays as it is where that cannot be saved', async () => {
    expect((await forbid(false, 'nobody')).code).toBe(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST);
    await heartbeat(broker);
    await broker.pass(1_000);
    broker.world.disk.fault = (operation, path) =>
      operation !== 'read' && path.includes('subscriptionGroup.json') ? 'EIO' : undefined;
    expect((await forbid(false)).remark).toMatch(/could not be saved, nothing was changed/);
    broker.world.disk.fault = () => undefined;
    expect((await forbid()).body.toString()).toContain('"readable":true');
  });
});

describe('the entries of a queue', () => {
  const entries = (header: object = {}) =>
    broker.ask(QueryConsumeQueue, {
      header: { topic: 'orders', queueId: 0, index: 0, count: 10, ...header },
      body: null,
    });

  it('are shown as they stand in its files', async () => {
    for (let i = 0; i < 5; i++) {
      await broker.sent('orders', `m${i}`, { properties: { TAGS: 'paid' } });
    }
    await heartbeat(broker);
    const { body } = await broker.call(QueryConsumeQueue, {
      header: { topic: 'orders', queueId: 0, index: 1, count: 3, consumerGroup: 'consumers' },
      body: null,
    });
    expect(body).toMatchObject({ minQueueIndex: 0, maxQueueIndex: 5 });
    expect(body.subscriptionData).toMatchObject({ topic: 'orders', subString: '*' });
    expect(body.queueData).toHaveLength(3);
    for (const { physicOffset, physicSize, tagsCode } of body.queueData) {
      const record = await broker.settled(store().recordAt(physicOffset));
      expect([record!.bytes.length, tagsCode]).toEqual([physicSize, 3433164]);
    }
  });

  it('are said not to exist where they do not', async () => {
    await broker.sent('orders', 'one');
    expect(await entries({ topic: 'nothing' })).toMatchObject({
      code: ResponseCode.SYSTEM_ERROR,
      remark: '0@nothing is not exist!',
    });
    expect(await entries({ index: 7 })).toMatchObject({
      code: 0,
      remark: 'Index 7 of 0@orders is not exist!',
    });
    const offline = JSON.parse(
      (await entries({ consumerGroup: 'nobody' })).body.toString(),
    ) as object;
    expect(offline).toMatchObject({ filterData: 'nobody@orders is not online!' });
  });
});

describe('the progress of groups', () => {
  beforeEach(async () => {
    await broker.ask(UpdateAndCreateTopic, newTopic('orders', { order: true }));
    for (const topic of ['orders', 'plain']) {
      for (let i = 0; i < 4; i++) {
        await broker.sent(topic, `m${i}`);
        await broker.pass(1_000);
      }
    }
    await heartbeat(broker, { group: 'readers', subscriptions: { orders: '*', plain: '*' } });
    await heartbeat(broker);
    await commit('orders', 3, 'readers');
    await commit('plain', 1, 'readers');
    await commit('orders', 1);
  });
  const all = async (isOrder = false) =>
    (await broker.call(GetBrokerConsumeStats, { header: { isOrder }, body: null })).body;

  it('is shown for all groups at once, or those of ordered topics', async () => {
    const { consumeStatsList, totalDiff, brokerAddr } = await all();
    const groups = new Map(consumeStatsList.flatMap((entry) => [...entry]));
    expect(brokerAddr).toBe(BROKER);
    expect(groups.get('readers')!.map(({ offsetTable }) => offsetTable[0]![0].topic)).toEqual([
      'orders',
      'plain',
    ]);
    expect(groups.get('consumers')![0]!.offsetTable[0]![1]).toMatchObject({
      brokerOffset: 4,
      consumerOffset: 1,
    });
    expect(totalDiff).toBe(1 + 3 + 3);
    const ordered = new Map((await all(true)).consumeStatsList.flatMap((entry) => [...entry]));
    expect(ordered.get('readers')).toHaveLength(1);
  });

  it('knows what was pulled and not acknowledged', async () => {
    expect((await broker.pull('orders', 1)).records).toHaveLength(3);
    const message = { header: { consumerGroup: 'consumers', topic: 'orders' }, body: null };
    const { body } = await broker.call(GetConsumeStats, message);
    expect(body.offsetTable[0]![1]).toMatchObject({ consumerOffset: 1, pullOffset: 4 });
    expect((await all()).totalInflightDiff).toBe(3);
  });

  it('is given to several askers at a time', async () => {
    const answers = await Promise.all([all(), all(), all()]);
    for (const { totalDiff } of answers) expect(totalDiff).toBe(7);
  });

  it('is known by time', async () => {
    const span = async (group: string) => {
      const message = { header: { topic: 'orders', group }, body: null };
      return (await broker.call(QueryConsumeTimeSpan, message)).body.consumeTimeSpanSet;
    };
    const nowMs = broker.world.clock.nowMs();
    const [first, second] = await span('consumers');
    const { minTimeStamp, maxTimeStamp, consumeTimeStamp, delayTime } = first!;
    expect(maxTimeStamp - minTimeStamp).toBeGreaterThanOrEqual(3_000);
    expect(consumeTimeStamp).toBe(minTimeStamp);
    expect(delayTime).toBeGreaterThanOrEqual(nowMs - minTimeStamp - 1_100);
    expect(second).toMatchObject({ minTimeStamp: -1, maxTimeStamp: -1, delayTime: 0 });
    const nothing = await broker.ask(QueryConsumeTimeSpan, {
      header: { topic: 'nothing', group: 'consumers' },
      body: null,
    });
    expect(nothing).toMatchObject({
      code: ResponseCode.TOPIC_NOT_EXIST,
      remark: 'topic[nothing] not exist',
    });
  });

  it('tells the topics of a group, and whose broker says so', async () => {
    const { body } = await broker.call(QueryTopicsByConsumer, {
      header: { group: 'readers' },
      body: null,
    });
    expect(body).toEqual({ brokerAddr: BROKER, topicList: ['orders', 'plain'] });
  });
});

describe('replication', () => {
  it('is shown as that of a master without slaves', async () => {
    await broker.sent('orders', 'one');
    const { body } = await broker.call(GetBrokerHaStatus, NOTHING);
    expect(body).toMatchObject({ master: true, inSyncSlaveNums: 0, haConnectionInfo: [] });
    expect(body.masterCommitLogMaxOffset).toBe(store().commitLogMaxOffset);
    const header = { masterFlushOffset: 5 };
    expect((await broker.ask(ResetMasterFlushOffset, { header, body: null })).code).toBe(0);
  });
});
