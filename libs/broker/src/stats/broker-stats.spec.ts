import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '@rocketmq-ts/testing';
import { BrokerStats } from './broker-stats.js';
import { viewCounter } from './stats-view.js';
import { MessageType } from './traffic.js';

const CLUSTER = 'c';

function world() {
  const clock = new SimulatedClock();
  const stats = new BrokerStats(clock);
  const put = (topic: string, more: { count?: number; bytes?: number; queueId?: number } = {}) =>
    stats.countPut({
      traffic: stats.topic(topic),
      queueId: more.queueId ?? 0,
      messageType: MessageType.NORMAL,
      messageCount: more.count ?? 1,
      storedBytes: more.bytes ?? 100,
      storeTimestampMs: clock.nowMs() - 4,
    });
  const get = (group: string, topic: string, fromDisk = false) =>
    stats.countGet({
      group,
      topic,
      queueId: 2,
      messageCount: 3,
      bytes: 300,
      fromDisk,
      latencyMs: 6,
    });
  const tick = async () => {
    await clock.advance(10_000);
    for (const meter of stats.meters()) meter.snapshot('minute', clock.nowMs());
  };
  const sum = (name: string, key: string) => viewCounter(stats, name, key, CLUSTER)?.statsMinute;
  return { clock, stats, put, get, tick, sum };
}

describe('counters by the names of Apache', () => {
  it.each([
    ['TOPIC_PUT_NUMS', 't', { sum: 5, tps: 0.5, avgpt: 2.5 }],
    ['TOPIC_PUT_SIZE', 't', { sum: 200, tps: 20, avgpt: 100 }],
    ['TOPIC_PUT_LATENCY', '0@t', { sum: 8, tps: 0.8, avgpt: 4 }],
    ['QUEUE_PUT_NUMS', 't@0', { sum: 5, tps: 0.5, avgpt: 2.5 }],
    ['GROUP_GET_NUMS', 't@g', { sum: 6, tps: 0.6, avgpt: 3 }],
    ['GROUP_GET_SIZE', 't@g', { sum: 600, tps: 60, avgpt: 300 }],
    ['GROUP_GET_LATENCY', '2@t@g', { sum: 12, tps: 1.2, avgpt: 6 }],
    ['QUEUE_GET_NUMS', 't@2@g', { sum: 6, tps: 0.6, avgpt: 3 }],
    ['GROUP_GET_FROM_DISK_NUMS', 't@g', { sum: 3, tps: 0.3, avgpt: 3 }],
    ['SNDBCK_PUT_NUMS', 't@g', { sum: 1, tps: 0.1, avgpt: 1 }],
    ['DLQ_PUT_NUMS', 't@g', { sum: 1, tps: 0.1, avgpt: 1 }],
    ['SNDBCK2DLQ_TIMES', 'null@t@g@SEND_BACK_TO_DLQ', { sum: 1, tps: 0.1, avgpt: 1 }],
    ['BROKER_PUT_NUMS', CLUSTER, { sum: 6, tps: 0.6, avgpt: 0 }],
    ['BROKER_PUT_NUMS_WITHOUT_SYSTEM_TOPIC', CLUSTER, { sum: 5, tps: 0.5, avgpt: 0 }],
    ['BROKER_GET_NUMS', CLUSTER, { sum: 6, tps: 0.6, avgpt: 0 }],
    ['BROKER_ACK_NUMS', CLUSTER, { sum: 4, tps: 0.4, avgpt: 0 }],
    ['GROUP_ACK_NUMS', 't@g', { sum: 4, tps: 0.4, avgpt: 4 }],
  ])('%s %s', async (name, key, expected) => {
    const { stats, put, get, tick, sum } = world();
    put('t', { count: 4 });
    put('t');
    put('SCHEDULE_TOPIC_XXXX');
    get('g', 't', true);
    get('g', 't');
    stats.countSendBack('g', 't');
    stats.countDeadLetter('g', 't');
    stats.countAck('g', 't', 4);
    await tick();
    expect(sum(name, key)).toEqual(expected);
  });

  it.each([
    ['TOPIC_PUT_NUMS', 'unknown'],
    ['TOPIC_PUT_LATENCY', '1@t'],
    ['TOPIC_PUT_LATENCY', '1e0@t'],
    ['GROUP_GET_NUMS', 't@unknown'],
    ['GROUP_GET_NUMS', 't'],
    ['GROUP_GET_NUMS', 't@g@more'],
    ['GROUP_GET_FROM_DISK_NUMS', 't@g'],
    ['SNDBCK_PUT_NUMS', 't@g'],
    ['BROKER_PUT_NUMS', 'other cluster'],
    ['GROUP_GET_FALL_SIZE', '0@t@g'],
    ['__proto__', 't'],
    ['NO_SUCH', 't'],
  ])('is not there: %s %s', (name, key) => {
    const { put, get, sum } = world();
    put('t');
    get('g', 't');
    expect(sum(name, key)).toBeUndefined();
  });

  it('is forgotten with its topic and its group', async () => {
    const { stats, put, get, tick, sum } = world();
    put('t');
    get('g', 't');
    stats.countSendBack('g', 't');
    await tick();
    stats.forgetGroup('g');
    expect(sum('GROUP_GET_NUMS', 't@g')).toBeUndefined();
    expect(sum('SNDBCK_PUT_NUMS', 't@g')).toBeUndefined();
    stats.forgetTopic('t');
    expect(sum('TOPIC_PUT_NUMS', 't')).toBeUndefined();
  });

  it('stops telling queues apart when there are too many', async () => {
    const { stats, put, tick, sum } = world();
    for (let i = 0; i < 65_536; i++) put('wide', { queueId: i });
    put('late', { queueId: 3 });
    await tick();
    expect(sum('QUEUE_PUT_NUMS', 'wide@65535')?.sum).toBe(1);
    expect(sum('QUEUE_PUT_NUMS', 'late@3')?.sum ?? 0).toBe(0);
    expect(sum('TOPIC_PUT_NUMS', 'late')?.sum).toBe(1);
    stats.forgetTopic('wide');
    put('next', { queueId: 3 });
    await tick();
    expect(sum('QUEUE_PUT_NUMS', 'next@3')?.sum).toBe(1);
  });
});

describe('a topic that is deleted', () => {
  it('counts for nobody any more, also where somebody still holds its counters', () => {
    const { stats, put } = world();
    put('gone', { queueId: 1 });
    const kept = stats.topic('gone');
    stats.forgetTopic('gone');
    put('new', { queueId: 1, count: 2, bytes: 10 });
    for (let i = 0; i < 5; i++) kept.countSend(MessageType.NORMAL, i, 7, 700, 1);
    expect(stats.topic('new')).toMatchObject({ times: 1, messages: 2, bytes: 10 });
    expect(stats.topic('new').queue(1)).toMatchObject({ times: 1, messages: 2, latencyMs: 4 });
    expect(stats.topic('new').queue(0)).toBeUndefined();
    expect([...kept.queues()]).toEqual([]);
  });

  it('gives its place to others: their counters begin at 0', () => {
    const { stats, put } = world();
    for (let round = 0; round < 50; round++) {
      put('t', { queueId: 5 });
      expect(stats.topic('t').times).toBe(1);
      expect(stats.topic('t').queue(5)?.times).toBe(1);
      expect(stats.topic('t').queue(4)).toBeUndefined();
      stats.forgetTopic('t');
    }
  });

  it('keeps what was counted for its queues when a higher one comes', () => {
    const { stats, put } = world();
    for (const queueId of [0, 3, 9, 200]) put('t', { queueId });
    const ids = [0, 3, 9, 200].map((queueId) => stats.topic('t').queue(queueId)?.messages);
    expect(ids).toEqual([1, 1, 1, 1]);
    expect([...stats.topic('t').queues()]).toHaveLength(4);
  });
});

describe('days', () => {
  it('count messages of users since midnight, and those of the day before', () => {
    const { stats, put } = world();
    put('t', { count: 10 });
    put('rmq_sys_x', { count: 99 });
    stats.closeDay();
    put('t', { count: 3 });
    stats.closeDay();
    put('t');
    expect(stats.days()).toEqual({
      yesterday: { messagesIn: 10, messagesOut: 0 },
      today: { messagesIn: 13, messagesOut: 0 },
      now: { messagesIn: 14, messagesOut: 0 },
    });
  });
});

describe('sizes of messages', () => {
  it.each([
    [1_024, 0],
    [1_025, 1],
    [4_096, 1],
    [524_288, 2],
    [4_194_304, 5],
    [4_194_305, 6],
  ])('%d bytes are in bucket %d', (bytes, bucket) => {
    const { stats, put } = world();
    put('t', { bytes });
    const { sizes, sizeSum } = stats.topic('t').type(MessageType.NORMAL)!;
    expect(sizes.indexOf(1)).toBe(bucket);
    expect(sizeSum).toBe(bytes);
  });

  it('takes the mean of a batch', () => {
    const { stats, put } = world();
    put('t', { count: 3, bytes: 3_100 });
    expect(stats.topic('t').type(MessageType.NORMAL)).toMatchObject({ sizeSum: 1_033 });
  });
});
