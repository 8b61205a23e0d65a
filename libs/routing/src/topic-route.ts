import { Perm, type BrokerData, type QueueData, type TopicRouteData } from '@rocketmq-ts/protocol';
import { brokerDataOf, MASTER_ID, minBrokerId, type BrokerGroups } from './broker-groups.js';
import type { TopicQueues } from './topic-queues.js';

/** How a route is asked for. */
export interface RouteQuestion {
  readonly topic: string;
  /** Name of the listener that the question came in on: its addresses are told. */
  readonly listenerName?: string | undefined;
  /** Whether a slave may stand in for its master. */
  readonly supportActingMaster?: boolean;
  /** The asking client wants brokers of this zone, and slaves of groups without a master. */
  readonly zoneName?: string | undefined;
}

/** Topic with which brokers of a group find each other through nameservers of older releases. */
const MEMBER_GROUP_TOPIC_PREFIX = 'rmq_sys_SYNC_BROKER_MEMBER_';

/**
 * The route of a topic, or undefined where no registered broker has queues of it.
 * Source: rocketmq 5.x `RouteInfoManager#pickupTopicRouteData`, `ZoneRouteRPCHook#filterByZoneName`.
 */
export function topicRoute(
  topics: TopicQueues,
  groups: BrokerGroups,
  question: RouteQuestion,
): TopicRouteData | undefined {
  const queues = topics.of(question.topic);
  if (!queues) return undefined;
  const brokerDatas: BrokerData[] = [];
  for (const brokerName of queues.keys()) {
    const group = groups.get(brokerName);
    if (group) brokerDatas.push(brokerDataOf(group, question.listenerName));
  }
  if (brokerDatas.length === 0) return undefined;
  if (question.supportActingMaster && !question.topic.startsWith(MEMBER_GROUP_TOPIC_PREFIX))
    for (const broker of brokerDatas) putActingMaster(broker, queues.get(broker.brokerName));
  const route: TopicRouteData = {
    brokerDatas,
    filterServerTable: new Map(),
    orderTopicConf: undefined,
    queueDatas: [...queues.values()],
    topicQueueMappingByBroker: undefined,
  };
  return question.zoneName === undefined ? route : routeOfZone(route, question.zoneName);
}

/** Lets the slave with the smallest id answer for a master that is gone, for reading only. */
function putActingMaster(broker: BrokerData, queues: QueueData | undefined): void {
  const { brokerAddrs, enableActingMaster } = broker;
  if (!enableActingMaster || brokerAddrs.has(MASTER_ID)) return;
  if (!queues || (queues.perm & Perm.WRITE) !== 0) return;
  const id = minBrokerId({ members: brokerAddrs });
  if (id === undefined) return;
  const address = brokerAddrs.get(id)!;
  brokerAddrs.delete(id);
  brokerAddrs.set(MASTER_ID, address);
}

function routeOfZone(route: TopicRouteData, zoneName: string): TopicRouteData {
  const wanted = zoneName.toLowerCase();
  // A group without a master is read from its slaves, wherever they are.
  const brokerDatas = route.brokerDatas.filter(
    (broker) => !broker.brokerAddrs.has(MASTER_ID) || broker.zoneName?.toLowerCase() === wanted,
  );
  const kept = new Set(brokerDatas.map(({ brokerName }) => brokerName));
  const gone = new Set(
    route.brokerDatas.map(({ brokerName }) => brokerName).filter((name) => !kept.has(name)),
  );
  const queueDatas = route.queueDatas.filter(({ brokerName }) => !gone.has(brokerName));
  return { ...route, brokerDatas, queueDatas };
}
