import {
  DataVersion,
  FASTJSON,
  formatJson,
  GetAllConsumerOffset,
  GetAllDelayOffset,
  GetAllMessageRequestMode,
  GetAllSubscriptiongroupConfig,
  GetAllTopicConfig,
  GetTimerCheckPoint,
  sameDataVersion,
  UpdateConsumerOffset,
} from '@rocketmq-ts/protocol';
import type {
  ConsumerOffsetWrapper,
  DelayOffsetWrapper,
  MessageRequestModeWrapper,
  SubscriptionGroupConfig,
  SubscriptionGroupWrapper,
  TopicConfig,
  TopicConfigWrapper,
} from '@rocketmq-ts/protocol';
import type { RemotingClient } from '@rocketmq-ts/remoting';
import type { GroupOffset } from '../offset/offset-key.js';

/** Entries of one page. Source: rocketmq 5.5.0 `BrokerConfig#splitMetadataSize`. */
const PAGE_COUNT = 2_000;
const CALL = { timeoutMs: 5_000 };
/** Times that a table may change while its pages are read. */
const ATTEMPTS = 3;
const NO_FIELDS = { header: {}, body: null };

/** Part of a table, with the version that the whole has. */
interface Page<T> {
  readonly dataVersion: DataVersion;
  readonly entries: ReadonlyMap<string, T>;
  /** Undefined: it holds all. */
  readonly totalCount: number | undefined;
}

/**
 * The tables of a master, Apache's or ours, as a slave reads them. Every call may fail as calls do. Apache's slaves ask
 * some of it over the fast port; both brokers answer all of it on the main one.
 * Source: rocketmq 5.5.0 `SlaveSynchronize`, `BrokerOuterAPI`.
 */
export class MasterTables {
  constructor(
    private readonly client: RemotingClient,
    private readonly address: string,
  ) {}

  async topics(): Promise<TopicConfigWrapper> {
    const table = await readPages<TopicConfig>(async (topicSeq, seen) => {
      const wish = { topicSeq, maxTopicNum: PAGE_COUNT, ...versionField(seen) };
      const request = { header: wish, body: null };
      const answer = await this.client.call(this.address, GetAllTopicConfig, request, CALL);
      const { dataVersion, topicConfigTable: entries } = answer.body;
      return { dataVersion, entries, totalCount: answer.header.totalTopicNum };
    });
    return { dataVersion: table.dataVersion, topicConfigTable: table.entries };
  }

  async groups(): Promise<SubscriptionGroupWrapper> {
    const forbiddenTable = new Map<string, Map<string, number>>();
    const table = await readPages<SubscriptionGroupConfig>(async (groupSeq, seen) => {
      const wish = { groupSeq, maxGroupNum: PAGE_COUNT, ...versionField(seen) };
      const request = { header: wish, body: null };
      const answer = await this.client.call(
        this.address,
        GetAllSubscriptiongroupConfig,
        request,
        CALL,
      );
      const { dataVersion, subscriptionGroupTable: entries } = answer.body;
      for (const [group, topics] of answer.body.forbiddenTable) forbiddenTable.set(group, topics);
      return { dataVersion, entries, totalCount: answer.header.totalGroupNum };
    });
    return {
      dataVersion: table.dataVersion,
      forbiddenTable,
      subscriptionGroupTable: table.entries,
    };
  }

  /** Version of the topics, without the topics. */
  async topicsVersion(): Promise<DataVersion> {
    const request = { header: { topicSeq: 0, maxTopicNum: 1 }, body: null };
    return (await this.client.call(this.address, GetAllTopicConfig, request, CALL)).body
      .dataVersion;
  }

  /** Version of the groups, without the groups. */
  async groupsVersion(): Promise<DataVersion> {
    const request = { header: { groupSeq: 0, maxGroupNum: 1 }, body: null };
    return (await this.client.call(this.address, GetAllSubscriptiongroupConfig, request, CALL)).body
      .dataVersion;
  }

  async consumerOffsets(): Promise<ConsumerOffsetWrapper> {
    return (await this.client.call(this.address, GetAllConsumerOffset, NO_FIELDS, CALL)).body;
  }

  async delayOffsets(): Promise<DelayOffsetWrapper> {
    return (await this.client.call(this.address, GetAllDelayOffset, NO_FIELDS, CALL)).body;
  }

  async requestModes(): Promise<MessageRequestModeWrapper> {
    return (await this.client.call(this.address, GetAllMessageRequestMode, NO_FIELDS, CALL)).body;
  }

  /** The bytes of the timer's checkpoint. */
  async timerCheckpoint(): Promise<Buffer> {
    return (await this.client.call(this.address, GetTimerCheckPoint, NO_FIELDS, CALL)).body;
  }

  /** Tells the master how far a group is. */
  async commit({ group, topic, queueId, queueOffset }: GroupOffset): Promise<void> {
    const header = { consumerGroup: group, topic, queueId, commitOffset: queueOffset };
    await this.client.call(this.address, UpdateConsumerOffset, { header, body: null }, CALL);
  }
}

const versionField = (version: DataVersion | undefined): { dataVersion?: string } =>
  version === undefined ? {} : { dataVersion: formatJson(DataVersion, version, FASTJSON) };

/** @throws Error the table changes faster than it can be read. */
async function readPages<T>(
  read: (first: number, seen: DataVersion | undefined) => Promise<Page<T>>,
): Promise<{ readonly entries: Map<string, T>; readonly dataVersion: DataVersion }> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const entries = new Map<string, T>();
    let seen: DataVersion | undefined;
    for (;;) {
      const { dataVersion, entries: more, totalCount } = await read(entries.size, seen);
      if (seen && !sameDataVersion(seen, dataVersion)) break;
      seen = dataVersion;
      const before = entries.size;
      for (const [name, entry] of more) entries.set(name, entry);
      const whole = totalCount === undefined || entries.size >= totalCount;
      if (whole || entries.size === before) return { entries, dataVersion };
    }
  }
  throw new Error('the table changes faster than it can be read');
}
