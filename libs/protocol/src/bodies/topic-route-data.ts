import {
  bool,
  defaulted,
  int32,
  list,
  mapOf,
  numberMapOf,
  object,
  optional,
  text,
  FASTJSON,
  STRICT_JSON,
} from '../json/json-type.js';
import type { JsonOf } from '../json/json-type.js';
import { formatJson, jsonBody } from '../json/json-text.js';
import { PeerVersion } from '../peer-version.js';
import { TopicQueueMappingInfo } from './topic-config.js';

/** The brokers that share a name: id → `ip:port`, 0 is the master. Source: rocketmq 5.5.0 `BrokerData`. */
export const BrokerData = object({
  brokerAddrs: defaulted(numberMapOf(text), () => new Map<number, string>()),
  brokerName: text,
  cluster: optional(text),
  enableActingMaster: defaulted(bool, () => false),
  zoneName: optional(text),
});
export type BrokerData = JsonOf<typeof BrokerData>;

/** A topic's queues on one broker. Source: rocketmq 5.5.0 `QueueData`. */
export const QueueData = object({
  brokerName: text,
  /** Bits of `Perm`. */
  perm: int32,
  readQueueNums: int32,
  topicSysFlag: defaulted(int32, () => 0),
  writeQueueNums: int32,
});
export type QueueData = JsonOf<typeof QueueData>;

/** Where a topic lives. Source: rocketmq 5.5.0 `TopicRouteData`. */
export const TopicRouteData = object({
  brokerDatas: defaulted(list(BrokerData), () => []),
  /** Filter servers are gone, but clients expect the table. */
  filterServerTable: defaulted(mapOf(list(text)), () => new Map<string, string[]>()),
  /** `brokerA:4;brokerB:4` for topics with an order configured on the nameserver. */
  orderTopicConf: optional(text),
  queueDatas: defaulted(list(QueueData), () => []),
  topicQueueMappingByBroker: optional(mapOf(TopicQueueMappingInfo)),
});
export type TopicRouteData = JsonOf<typeof TopicRouteData>;

const body = jsonBody('TopicRouteData', TopicRouteData);

/** Reads the body of GET_ROUTEINFO_BY_TOPIC in either form. @throws {MalformedBodyError} */
export const decodeTopicRoute = (bytes: Buffer): TopicRouteData => body.decode(bytes);

/**
 * Writes that body. `standardJson` quotes broker ids; the other form is what clients before 4.9.4 know.
 * Source: rocketmq 5.5.0 `ClientRequestProcessor#getRouteInfoByTopic`.
 */
export const encodeTopicRoute = (route: TopicRouteData, standardJson: boolean): Buffer =>
  Buffer.from(formatJson(TopicRouteData, route, standardJson ? STRICT_JSON : FASTJSON), 'utf8');

/** Whether a client gets the standard form: by what it asked for, or by its release. */
export const wantsStandardJson = (peerVersion: number, asked: boolean | undefined): boolean =>
  asked === true || peerVersion >= PeerVersion.V4_9_4;

/** All brokers and clusters. Source: rocketmq 5.5.0 `ClusterInfo`. */
export const ClusterInfo = object({
  brokerAddrTable: defaulted(mapOf(BrokerData), () => new Map<string, BrokerData>()),
  clusterAddrTable: defaulted(mapOf(list(text)), () => new Map<string, string[]>()),
});
export type ClusterInfo = JsonOf<typeof ClusterInfo>;

/** Source: rocketmq 5.5.0 `BrokerMemberGroup`. */
export const BrokerMemberGroup = object({
  brokerAddrs: defaulted(numberMapOf(text), () => new Map<number, string>()),
  brokerName: text,
  cluster: text,
});
export type BrokerMemberGroup = JsonOf<typeof BrokerMemberGroup>;

/** Source: rocketmq 5.5.0 `GetBrokerMemberGroupResponseBody`. */
export const BrokerMemberGroupResponse = object({ brokerMemberGroup: optional(BrokerMemberGroup) });
export type BrokerMemberGroupResponse = JsonOf<typeof BrokerMemberGroupResponse>;
