import { describe, expect, it } from '@jest/globals';
import {
  GetBrokerRuntimeInfo,
  ResponseCode,
  UpdateConsumerOffset,
  ViewBrokerStatsData,
} from '@rocketmq-ts/protocol';
import { heartbeat } from './heartbeat.js';
import { brokerForEachTest, type SimulatedBroker } from './simulated-broker.js';

let broker: SimulatedBroker;
brokerForEachTest((started) => (broker = started));

const view = (statsName: string, statsKey: string) =>
  broker.ask(ViewBrokerStatsData, { header: { statsName, statsKey }, body: null });
const minute = async (statsName: string, statsKey: string) =>
  (await broker.call(ViewBrokerStatsData, { header: { statsName, statsKey }, body: null })).body
    .statsMinute;
const runtime = async () =>
  (await broker.call(GetBrokerRuntimeInfo, { header: {}, body: null })).body.table;
const scrape = async () => {
  const pieces = await broker.settled(broker.service.metrics().text());
  return Buffer.concat([...pieces])
    .toString()
    .split('\n');
};
const sample = async (start: string) => {
  const line = (await scrape()).find((text) => text.startsWith(start));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
};

describe('counters', () => {
  it('show what was sent and pulled, ten seconds later', async () => {
    for (let i = 0; i < 3; i++) await broker.sent('orders', 'x');
    await broker.pull('orders', 0, { group: 'g' });
    expect((await view('TOPIC_PUT_NUMS', 'orders')).code).toBe(0);
    await broker.pass(10_000);
    expect(await minute('TOPIC_PUT_NUMS', 'orders')).toMatchObject({ sum: 3, avgpt: 1 });
    expect(await minute('GROUP_GET_NUMS', 'orders@g')).toMatchObject({ sum: 3, avgpt: 3 });
    expect((await minute('BROKER_PUT_NUMS', 'DefaultCluster')).sum).toBe(3);
    expect((await minute('TOPIC_PUT_SIZE', 'orders')).sum).toBeGreaterThan(100);
    await broker.pass(60_000);
    expect((await minute('TOPIC_PUT_NUMS', 'orders')).sum).toBe(0);
  });

  it('that nobody has moved are not there, in the words of Apache', async () => {
    expect(await view('TOPIC_PUT_NUMS', 'nobody')).toMatchObject({
      code: ResponseCode.SYSTEM_ERROR,
      remark: 'The stats <TOPIC_PUT_NUMS> <nobody> not exist',
    });
  });

  it('are in the runtime info: rates, times and totals of the day', async () => {
    for (let i = 0; i < 20; i++) await broker.sent('orders', 'x');
    await broker.pull('orders', 0, { group: 'g' });
    await broker.pass(60_000);
    const table = await runtime();
    expect(table.get('msgPutTotalTodayNow')).toBe('20');
    expect(table.get('msgGetTotalTodayNow')).toBe('20');
    expect(Number(table.get('putTps')!.split(' ')[1])).toBeGreaterThan(0);
    expect(table.get('putMessageDistributeTime')).toMatch(/^\[<=0ms\]:\d+ \[0~10ms\]:\d+ /);
    expect(table.get('putLatency99')).toMatch(/^\d+\.\d\d$/);
  });
});

describe('metrics', () => {
  it('tell types of messages apart and count their sizes', async () => {
    await broker.sent('orders', 'plain');
    await broker.sent('orders', 'ordered', { properties: { __SHARDINGKEY: 'k' } });
    await broker.sent('orders', 'late', { properties: { DELAY: '3' } });
    const lines = (await scrape()).filter((line) => line.startsWith('rocketmq_messages_in_total'));
    expect(lines).toEqual(
      ['normal', 'fifo', 'delay'].map(
        (type) =>
          `rocketmq_messages_in_total{topic="orders",message_type="${type}",is_system="false",` +
          'cluster="DefaultCluster",node_type="broker",node_id="broker-a"} 1',
      ),
    );
    expect(
      await sample(
        'rocketmq_message_size_bucket{topic="orders",message_type="fifo",is_system="false",' +
          'cluster="DefaultCluster",node_type="broker",node_id="broker-a",le="1024"}',
      ),
    ).toBe(1);
  });

  it('tell how far a group is behind, by count and by time', async () => {
    await heartbeat(broker, { group: 'lagging' });
    for (let i = 0; i < 5; i++) await broker.sent('orders', 'x');
    await broker.call(UpdateConsumerOffset, {
      header: { consumerGroup: 'lagging', topic: 'orders', queueId: 0, commitOffset: 2 },
      body: null,
    });
    await broker.pass(7_000);
    const labels = '{consumer_group="lagging",topic="orders",is_retry="false",is_system="false"';
    expect(await sample(`rocketmq_consumer_lag_messages${labels}`)).toBe(3);
    const lagMs = await sample(`rocketmq_consumer_lag_latency_milliseconds${labels}`);
    expect(lagMs).toBeGreaterThanOrEqual(7_000);
    expect(lagMs).toBeLessThan(8_000);
    expect(await sample(`rocketmq_consumer_ready_messages${labels}`)).toBe(3);
    expect(
      await sample('rocketmq_consumer_connections{consumer_group="lagging",language="java"'),
    ).toBe(1);

    await broker.pull('orders', 2, { group: 'lagging' });
    await broker.pass(3_000);
    expect(await sample(`rocketmq_consumer_inflight_messages${labels}`)).toBe(3);
    expect(await sample(`rocketmq_consumer_ready_messages${labels}`)).toBe(0);
    expect(await sample(`rocketmq_consumer_queueing_latency_milliseconds${labels}`)).toBe(0);
    expect(await sample(`rocketmq_consumer_lag_messages${labels}`)).toBe(3);
  });

  it('tell how long requests took, by request and answer', async () => {
    await broker.sent('orders', 'x');
    await broker.pull('orders', 0);
    await runtime();
    const counts = (await scrape()).filter((line) =>
      line.startsWith('rocketmq_rpc_latency_milliseconds_count'),
    );
    const of = (request: string) => counts.find((line) => line.includes(`"${request}"`));
    for (const request of ['send_message_v2', 'pull_message', 'get_broker_runtime_info']) {
      expect(of(request)).toContain('response_code="success",is_long_polling="false"');
    }
  });

  it('have no name twice and no label that is not declared', async () => {
    await broker.sent('orders', 'x');
    const names = (await scrape())
      .filter((line) => line.startsWith('# TYPE'))
      .map((line) => line.split(' ')[2]);
    expect(new Set(names).size).toBe(names.length);
  });
});
