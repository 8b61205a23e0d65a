import { beforeEach, describe, expect, it } from '@jest/globals';
import { HeartbeatData, type SubscriptionGroupWrapper } from '@rocketmq-ts/protocol';
import { RecordingLogger, SimulatedClock } from '@rocketmq-ts/testing';
import { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import { topicConfig } from '../topic/topic-creation.js';
import { TopicTable } from '../topic/topic-table.js';
import { ConsumerGroups } from './consumer-groups.js';
import { Heartbeats } from './heartbeats.js';
import { ProducerGroups } from './producer-groups.js';

const LIMITS = { groupCountMax: 9, groupsPerConnectionMax: 2, subscriptionsPerGroupMax: 9 };
const connection = { id: 1, remoteHostPort: '10.0.0.2:1', closed: false };
const client = { connection, clientId: 'client', languageCode: 0, version: 513 };

let topics: TopicTable;
let consumers: ConsumerGroups<typeof connection>;
let heartbeats: Heartbeats<typeof connection>;
let savedTopics: () => Promise<void>;

beforeEach(() => {
  const clock = new SimulatedClock();
  const logger = new RecordingLogger();
  savedTopics = () => Promise.resolve();
  const limits = { topicCountMax: 99, queueCountMax: 99, queuesPerTopicMax: 99 };
  topics = new TopicTable(clock, logger, limits, () => savedTopics());
  const groups = new SubscriptionGroupTable(
    clock,
    logger,
    () => ({ autoCreate: true, groupCountMax: 9 }),
    (content: () => SubscriptionGroupWrapper) => Promise.resolve(void content()),
  );
  consumers = new ConsumerGroups(clock, LIMITS);
  const producers = new ProducerGroups<typeof connection>(clock, LIMITS);
  heartbeats = new Heartbeats({ logger, consumers, producers, groups, topics });
});

/** A heartbeat as JSON gives it. */
function beat(more: { fingerprint?: number; withoutSub?: boolean; groups?: string[] } = {}) {
  const { fingerprint = 0, withoutSub = false, groups = ['g'] } = more;
  const consumerDataSet = groups.map(
    (groupName) =>
      new Map<string, unknown>([
        ['groupName', groupName],
        ['subscriptionDataSet', withoutSub ? [] : [new Map([['topic', 't']])]],
      ]),
  );
  const data = new Map<string, unknown>([
    ['clientID', 'client'],
    ['heartbeatFingerprint', fingerprint],
    ['withoutSub', withoutSub],
    ['consumerDataSet', consumerDataSet],
  ]);
  return heartbeats.take(client, HeartbeatData.read(data as never, ''));
}

describe('a heartbeat in short form', () => {
  it('asks for the subscriptions where they changed since the last one', async () => {
    expect(await beat({ fingerprint: 5 })).toBe(false);
    expect(await beat({ fingerprint: 5, withoutSub: true })).toBe(false);
    expect(consumers.groupsSubscribedTo('t')).toEqual(['g']);
    expect(await beat({ fingerprint: 6, withoutSub: true })).toBe(true);
  });

  it('asks for the subscriptions where this broker never had them', async () => {
    expect(await beat({ fingerprint: 5, withoutSub: true })).toBe(true);
    expect(consumers.clientIds('g')).toEqual(['client']);
  });

  it('of an older client is always complete', async () => {
    expect(await beat()).toBe(true);
    expect(await beat()).toBe(true);
  });

  it('is forgotten with the last member of the group', async () => {
    await beat({ fingerprint: 5 });
    consumers.drop(connection);
    expect(await beat({ fingerprint: 5, withoutSub: true })).toBe(true);
  });
});

describe('the retry topic of a group', () => {
  it('is ordered where the group reads an ordered topic', async () => {
    await topics.update([topicConfig('t', { order: true })]);
    await beat();
    expect(topics.find('%RETRY%g')!.config).toMatchObject({ order: true, writeQueueNums: 1 });
  });

  it('that cannot be saved does not keep the group from consuming', async () => {
    savedTopics = () => Promise.reject(new Error('disk full'));
    await beat();
    expect(consumers.clientIds('g')).toEqual(['client']);
    expect(topics.find('%RETRY%g')).toBeUndefined();
  });
});

it('a client in too many groups is told so', async () => {
  await expect(beat({ groups: ['g1', 'g2', 'g3'] })).rejects.toThrow(/more groups/);
});

it('a connection that closed meanwhile is not taken in', async () => {
  const gone = { ...connection, closed: true };
  const data = new Map<string, unknown>([
    ['clientID', 'client'],
    ['consumerDataSet', [new Map([['groupName', 'g']])]],
  ]);
  await heartbeats.take({ ...client, connection: gone }, HeartbeatData.read(data as never, ''));
  expect(consumers.find('g')).toBeUndefined();
});
