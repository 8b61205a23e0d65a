import {
  formatProperties,
  type PullMessage,
  PullSysFlag,
  type SendMessageV2,
  type Sent,
  type UpdateAndCreateTopic,
} from '@rocketmq-ts/protocol';

/** What a test says of a send; the rest is ordinary. */
export interface SendOptions {
  readonly queueId?: number;
  readonly properties?: Readonly<Record<string, string>>;
  readonly header?: Partial<Sent<typeof SendMessageV2.request>['header']>;
}

/** What a test says of a pull; the rest asks for everything of queue 0. */
export interface PullOptions {
  readonly group?: string;
  readonly queueId?: number;
  readonly subscription?: string;
  /** How long the answer may wait. */
  readonly holdMs?: number;
  readonly maxMsgNums?: number;
  readonly header?: Partial<Sent<typeof PullMessage.request>['header']>;
}

/** Asks for a topic with four queues. */
export const newTopic = (
  topic: string,
  header: Partial<Sent<typeof UpdateAndCreateTopic.request>['header']> = {},
): Sent<typeof UpdateAndCreateTopic.request> => ({
  header: {
    topic,
    defaultTopic: 'TBW102',
    readQueueNums: 4,
    writeQueueNums: 4,
    perm: 6,
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag: 0,
    ...header,
  },
  body: null,
});

export function sendRequest(
  topic: string,
  body: string | Buffer,
  { queueId = 0, properties = {}, header = {} }: SendOptions,
): Sent<typeof SendMessageV2.request> {
  return {
    header: {
      producerGroup: 'producers',
      topic,
      defaultTopic: 'TBW102',
      defaultTopicQueueNums: 4,
      queueId,
      sysFlag: 0,
      bornTimestampMs: 1_699_999_999_000,
      flag: 0,
      properties: formatProperties(new Map(Object.entries(properties))),
      ...header,
    },
    body: Buffer.from(body),
  };
}

export function pullRequest(
  topic: string,
  queueOffset: number,
  options: PullOptions,
): Sent<typeof PullMessage.request> {
  const {
    group = 'consumers',
    queueId = 0,
    subscription = '*',
    holdMs = 0,
    maxMsgNums = 32,
  } = options;
  return {
    header: {
      consumerGroup: group,
      topic,
      queueId,
      queueOffset,
      maxMsgNums,
      sysFlag: PullSysFlag.SUBSCRIPTION | (holdMs > 0 ? PullSysFlag.SUSPEND : 0),
      commitOffset: 0,
      suspendTimeoutMs: holdMs,
      subscription,
      subVersion: 1,
      expressionType: 'TAG',
      ...options.header,
    },
    body: null,
  };
}
