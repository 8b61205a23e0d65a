import { describeError } from '@rocketmq-ts/kernel';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import { GetRouteinfoByTopic, ResponseCode, decodeTopicRoute } from '@rocketmq-ts/protocol';
import type { MessageQueue, TopicRouteData } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import type { RemotingClient } from '@rocketmq-ts/remoting';
import { isReadable } from '../../topic/permission.js';
import type { TopicTable } from '../../topic/topic-table.js';

/** What the queues of the cluster are looked up with. */
export interface TopicQueuesParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly client: RemotingClient;
  readonly topics: TopicTable;
  readonly brokerName: string;
  /** `host:port` of the nameservers; none: this broker is alone. */
  readonly nameservers: readonly string[];
}

interface Known {
  queues: readonly MessageQueue[] | undefined;
  askedAtMs: number;
  asking: Promise<void> | undefined;
}

/** Age from which what is known is looked up again. Source: rocketmq 5.5.0 `TopicRouteInfoManager`. */
const FRESH_MS = 30_000;
const TIMEOUT_MS = 3_000;
/** Topics that are remembered. */
const TOPIC_COUNT_MAX = 10_000;

/**
 * The readable queues of topics, on all brokers: what the nameservers say, remembered for a while. An answer that is too
 * old is given once more while a new one is asked for.
 * Source: rocketmq 5.5.0 `TopicRouteInfoManager#getTopicSubscribeInfo`.
 */
export class TopicQueues {
  private readonly byTopic = new Map<string, Known>();

  constructor(private readonly parts: TopicQueuesParts) {}

  /** In order of broker and queue; undefined where nobody knows the topic. */
  async of(topic: string): Promise<readonly MessageQueue[] | undefined> {
    if (this.parts.nameservers.length === 0) return this.own(topic);
    let known = this.byTopic.get(topic);
    if (!known) {
      if (this.byTopic.size >= TOPIC_COUNT_MAX) this.byTopic.clear();
      known = { queues: undefined, askedAtMs: -FRESH_MS, asking: undefined };
      this.byTopic.set(topic, known);
    }
    const old = this.parts.clock.monotonicMs() - known.askedAtMs >= FRESH_MS;
    // A topic that nobody knew may have been created since.
    if (old || known.queues === undefined) known.asking ??= this.ask(topic, known);
    if (known.queues === undefined) await known.asking;
    return known.queues;
  }

  private own(topic: string): readonly MessageQueue[] | undefined {
    const config = this.parts.topics.find(topic)?.config;
    if (!config || !isReadable(config.perm)) return undefined;
    const { brokerName } = this.parts;
    return Array.from({ length: config.readQueueNums }, (_, queueId) => ({
      topic,
      brokerName,
      queueId,
    }));
  }

  private async ask(topic: string, known: Known): Promise<void> {
    try {
      known.queues = await this.askAll(topic);
      known.askedAtMs = this.parts.clock.monotonicMs();
    } finally {
      known.asking = undefined;
      if (known.queues === undefined) this.byTopic.delete(topic);
    }
  }

  /** The first nameserver that answers; what was known where none does. */
  private async askAll(topic: string): Promise<readonly MessageQueue[] | undefined> {
    const { client, logger, nameservers } = this.parts;
    const message = { header: { topic, acceptStandardJsonOnly: true }, body: null };
    for (const address of nameservers) {
      try {
        const { body } = await client.call(address, GetRouteinfoByTopic, message, {
          timeoutMs: TIMEOUT_MS,
        });
        return queuesOf(topic, decodeTopicRoute(body));
      } catch (error) {
        const unknown =
          error instanceof ResponseError && error.responseCode === ResponseCode.TOPIC_NOT_EXIST;
        if (unknown) return undefined;
        logger.warn('a nameserver could not be asked for a route', {
          address,
          topic,
          reason: describeError(error),
        });
      }
    }
    return this.byTopic.get(topic)?.queues;
  }
}

/** Source: rocketmq 5.5.0 `MQClientInstance#topicRouteData2TopicSubscribeInfo`. */
export function queuesOf(topic: string, route: TopicRouteData): MessageQueue[] {
  const queues: MessageQueue[] = [];
  const sorted = route.queueDatas
    .filter(({ perm }) => isReadable(perm))
    .sort((a, b) => (a.brokerName < b.brokerName ? -1 : 1));
  for (const { brokerName, readQueueNums } of sorted) {
    for (let queueId = 0; queueId < readQueueNums; queueId++) {
      queues.push({ topic, brokerName, queueId });
    }
  }
  return queues;
}
