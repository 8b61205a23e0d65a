import { type ConsumerData, type ExtFields, HeartBeat } from '@rocketmq-ts/protocol';
import type { RemotingClient } from '@rocketmq-ts/remoting';
import { BROKER, CALL, type SimulatedBroker } from './simulated-broker.js';

/** How a client presents itself; the rest is that of an ordinary push consumer. */
export interface HeartbeatOptions {
  readonly clientId?: string;
  readonly group?: string;
  /** By topic. */
  readonly subscriptions?: Readonly<Record<string, string>>;
  readonly consumer?: Partial<ConsumerData>;
  readonly producerGroups?: readonly string[];
  readonly client?: RemotingClient;
}

/** Sends a heartbeat. @returns the fields of the answer */
export async function heartbeat(
  broker: SimulatedBroker,
  options: HeartbeatOptions = {},
): Promise<ExtFields> {
  const { clientId = 'client-1', group = 'consumers', subscriptions = { orders: '*' } } = options;
  const subscriptionDataSet = Object.entries(subscriptions).map(([topic, subString]) => ({
    topic,
    subString,
    classFilterMode: false,
    codeSet: [],
    expressionType: 'TAG',
    subVersion: broker.world.clock.nowMs(),
    tagsSet: [],
  }));
  const consumer: ConsumerData = {
    groupName: group,
    consumeType: 'CONSUME_PASSIVELY',
    messageModel: 'CLUSTERING',
    consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
    unitMode: false,
    subscriptionDataSet,
    ...options.consumer,
  };
  const body = {
    clientID: clientId,
    consumerDataSet: options.producerGroups ? [] : [consumer],
    producerDataSet: (options.producerGroups ?? []).map((groupName) => ({ groupName })),
    heartbeatFingerprint: 0,
    withoutSub: false,
  };
  const client = options.client ?? broker.client;
  const answer = await broker.settled(
    client.exchange(BROKER, HeartBeat, { header: {}, body }, CALL),
  );
  if (answer.code !== 0) throw new Error(`heartbeat: ${answer.code} ${answer.remark}`);
  return answer.ext();
}
