import type { BrokerStatsData } from '@rocketmq-ts/protocol';
import type { BrokerStats } from './broker-stats.js';
import type { Meter, WindowName } from './meter.js';
import { COLUMN } from './snapshot-ring.js';
import type { Column } from './snapshot-ring.js';

/** Where a counter of Apache's is found. */
interface Counter {
  readonly find: (stats: BrokerStats, key: string, cluster: string) => Meter | undefined;
  readonly column: Column;
  /** Apache counts the events of the broker's own totals not: their mean is 0. */
  readonly perTime: boolean;
}

const topicOf: Counter['find'] = (stats, topic) => stats.findTopic(topic);

/** `topic@group`. */
const pairOf: Counter['find'] = (stats, key) => {
  const [topic, group, rest] = key.split('@');
  return rest !== undefined || topic === undefined || group === undefined
    ? undefined
    : stats.findPair(group, topic);
};

/** `topic@queueId`. */
const queueOf: Counter['find'] = (stats, key) => {
  const [topic, queueId, rest] = key.split('@');
  return rest === undefined ? meterAt(stats.findTopic(topic ?? ''), queueId) : undefined;
};

/** `queueId@topic`. */
const queueFirst: Counter['find'] = (stats, key) => {
  const [queueId, topic, rest] = key.split('@');
  return rest === undefined ? meterAt(stats.findTopic(topic ?? ''), queueId) : undefined;
};

/** `topic@queueId@group`. */
const queueOfPair: Counter['find'] = (stats, key) => {
  const [topic, queueId, group] = key.split('@');
  return meterAt(stats.findPair(group ?? '', topic ?? ''), queueId);
};

/** `queueId@topic@group`. */
const queueFirstOfPair: Counter['find'] = (stats, key) => {
  const [queueId, topic, group] = key.split('@');
  return meterAt(stats.findPair(group ?? '', topic ?? ''), queueId);
};

/** `owner@topic@group@type`; there are no owners here. */
const givenUp: Counter['find'] = (stats, key) => {
  const [, topic, group, type] = key.split('@');
  return type === 'SEND_BACK_TO_DLQ' ? stats.dead.find(`${topic}@${group}`) : undefined;
};

const meterAt = (
  owner: { queue(queueId: number): Meter | undefined } | undefined,
  queueId: string | undefined,
): Meter | undefined =>
  /^\d{1,9}$/.test(queueId ?? '') ? owner?.queue(Number(queueId)) : undefined;

const broker =
  (read: (stats: BrokerStats) => Meter): Counter['find'] =>
  (stats, key, cluster) =>
    key === cluster ? read(stats) : undefined;

const { MESSAGES, BYTES, LATENCY_MS } = COLUMN;
const counter = (find: Counter['find'], column: Column = MESSAGES): Counter => ({
  find,
  column,
  perTime: true,
});
const total = (read: (stats: BrokerStats) => Meter, column: Column = MESSAGES): Counter => ({
  find: broker(read),
  column,
  perTime: false,
});

/** Source: rocketmq 5.5.0 `BrokerStatsManager`: names, and what their keys are made of. */
const COUNTERS: ReadonlyMap<string, Counter> = new Map(
  Object.entries({
    TOPIC_PUT_NUMS: counter(topicOf),
    TOPIC_PUT_SIZE: counter(topicOf, BYTES),
    TOPIC_PUT_LATENCY: counter(queueFirst, LATENCY_MS),
    QUEUE_PUT_NUMS: counter(queueOf),
    QUEUE_PUT_SIZE: counter(queueOf, BYTES),
    GROUP_GET_NUMS: counter(pairOf),
    GROUP_GET_SIZE: counter(pairOf, BYTES),
    GROUP_GET_LATENCY: counter(queueFirstOfPair, LATENCY_MS),
    QUEUE_GET_NUMS: counter(queueOfPair),
    QUEUE_GET_SIZE: counter(queueOfPair, BYTES),
    GROUP_GET_FROM_DISK_NUMS: counter(fromDisk),
    GROUP_GET_FROM_DISK_SIZE: counter(fromDisk, BYTES),
    GROUP_ACK_NUMS: counter((stats, key) => stats.groupAcks.find(key)),
    GROUP_CK_NUMS: counter((stats, key) => stats.groupCheckpoints.find(key)),
    SNDBCK_PUT_NUMS: counter((stats, key) => stats.sendBacks.find(key)),
    DLQ_PUT_NUMS: counter((stats, key) => stats.dead.find(key)),
    SNDBCK2DLQ_TIMES: counter(givenUp),
    BROKER_PUT_NUMS: total((stats) => stats.puts),
    BROKER_GET_NUMS: total((stats) => stats.gets),
    BROKER_PUT_NUMS_WITHOUT_SYSTEM_TOPIC: total((stats) => stats.userPuts),
    BROKER_GET_NUMS_WITHOUT_SYSTEM_TOPIC: total((stats) => stats.userGets),
    BROKER_ACK_NUMS: total((stats) => stats.acks),
    BROKER_CK_NUMS: total((stats) => stats.checkpoints),
    BROKER_GET_FROM_DISK_NUMS: total((stats) => stats.getsFromDisk),
    BROKER_GET_FROM_DISK_SIZE: total((stats) => stats.getsFromDisk, BYTES),
  }),
);

function fromDisk(stats: BrokerStats, key: string, cluster: string): Meter | undefined {
  const pair = pairOf(stats, key, cluster);
  return pair && 'fromDisk' in pair ? (pair.fromDisk as Meter | undefined) : undefined;
}

/**
 * One counter with its windows; undefined where there is no such counter, or nothing was counted under that key.
 * Source: rocketmq 5.5.0 `AdminBrokerProcessor#ViewBrokerStatsData`.
 */
export function viewCounter(
  stats: BrokerStats,
  name: string,
  key: string,
  cluster: string,
): BrokerStatsData | undefined {
  const found = COUNTERS.get(name);
  const meter = found?.find(stats, key, cluster);
  if (!found || !meter || meter.times === 0) return undefined;
  const window = (windowName: WindowName) => meter.window(windowName, found.column, found.perTime);
  return { statsMinute: window('minute'), statsHour: window('hour'), statsDay: window('day') };
}
