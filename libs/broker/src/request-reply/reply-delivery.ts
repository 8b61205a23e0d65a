import { describeError } from '@rocketmq-ts/kernel';
import type { Clock, Logger } from '@rocketmq-ts/kernel';
import {
  formatProperties,
  parseProperties,
  PropertyName,
  PushReplyMessageToClient,
} from '@rocketmq-ts/protocol';
import type { Received, SendReplyMessage } from '@rocketmq-ts/protocol';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { BrokerIdentity } from '../broker-identity.js';
import type { ProducerGroups } from '../client-session/producer-groups.js';

/** How long the asking client may take to say that it has the reply. Source: rocketmq 5.5.0 `Broker2Client#callClient`. */
const TAKE_MS = 10_000;
/** A client with more than this on its way to it does not read: a reply would only wait. */
const UNSENT_BYTES_MAX = 16 * 1024 * 1024;

/** A reply as it arrived. */
export interface Reply {
  readonly header: Received<typeof SendReplyMessage.request>['header'];
  readonly body: Buffer;
  readonly from: ServerConnection;
}

/** What `ReplyDelivery` works with. */
export interface ReplyDeliveryParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly identity: BrokerIdentity;
  readonly producers: ProducerGroups<ServerConnection>;
}

/**
 * Hands replies to the clients that asked. The client must be connected to this broker: requests and replies meet where
 * the request was sent to.
 * Source: rocketmq 5.5.0 `ReplyMessageProcessor#pushReplyMessage`; the texts are Apache's.
 */
export class ReplyDelivery {
  constructor(private readonly parts: ReplyDeliveryParts) {}

  /** Resolves when the client has taken the reply, or with the reason why it has not; never rejects. */
  async deliver(reply: Reply): Promise<string | undefined> {
    const properties = parseProperties(reply.header.properties ?? '');
    const clientId = properties.get(PropertyName.REPLY_TO_CLIENT);
    if (clientId === undefined) {
      return `reply message properties[${PropertyName.REPLY_TO_CLIENT}] is null`;
    }
    const { clock, logger, producers } = this.parts;
    const asker = producers.connectionOf(clientId);
    if (!asker || asker.closed) {
      return `push reply message fail, channel of <${clientId}> not found.`;
    }
    if (asker.unsentBytes > UNSENT_BYTES_MAX) return notTaken(clientId);
    properties.set(PropertyName.PUSH_REPLY_TIME, String(clock.nowMs()));
    try {
      const push = this.pushOf(reply, formatProperties(properties));
      await asker.request(PushReplyMessageToClient, push, { timeoutMs: TAKE_MS });
      return undefined;
    } catch (error) {
      const context = {
        client: clientId,
        peer: asker.remoteHostPort,
        reason: describeError(error),
      };
      logger.warn('a reply was not taken', context);
      return notTaken(clientId);
    }
  }

  private pushOf({ header, body, from }: Reply, properties: string) {
    const { clock, identity } = this.parts;
    return {
      header: {
        producerGroup: header.producerGroup,
        topic: header.topic,
        defaultTopic: header.defaultTopic,
        defaultTopicQueueNums: header.defaultTopicQueueNums,
        queueId: header.queueId,
        sysFlag: header.sysFlag,
        bornTimestampMs: header.bornTimestampMs,
        flag: header.flag,
        properties,
        reconsumeTimes: header.reconsumeTimes,
        unitMode: header.unitMode,
        bornHost: from.remoteHostPort,
        storeHost: identity.address,
        storeTimestampMs: clock.nowMs(),
      },
      body,
    };
  }
}

const notTaken = (clientId: string): string => `push reply message to ${clientId}fail.`;
