import {
  bool,
  defaulted,
  int32,
  int64,
  list,
  mapOf,
  numberMapOf,
  object,
  optional,
  remembered,
  text,
  word,
} from '../json/json-type.js';
import type { JsonOf } from '../json/json-type.js';
import { Perm } from '../message/sys-flag.js';
import { DataVersion } from './data-version.js';

/** Java's enum of how many tags a message may have; only the first is in use. */
export const TopicFilterType = word('SINGLE_TAG', 'MULTI_TAG');
export type TopicFilterType = JsonOf<typeof TopicFilterType>;

const topicConfigFields = {
  /** E.g. `message.type` → `FIFO`; keys without the sign that an update puts in front. */
  attributes: defaulted(mapOf(text), () => new Map<string, string>()),
  order: defaulted(bool, () => false),
  /** Bits of `Perm`. */
  perm: defaulted(int32, () => Perm.READ | Perm.WRITE),
  readQueueNums: defaulted(int32, () => 16),
  topicFilterType: defaulted(TopicFilterType, () => 'SINGLE_TAG' as const),
  topicName: text,
  /** Bits of `TopicSysFlag`. */
  topicSysFlag: defaulted(int32, () => 0),
  writeQueueNums: defaulted(int32, () => 16),
};

/** What a broker knows of a topic. Source: rocketmq 5.5.0 `TopicConfig`. */
export const TopicConfig = object(topicConfigFields);
export type TopicConfig = JsonOf<typeof TopicConfig>;

/** Which physical queue serves a logical one of a static topic. Source: rocketmq 5.5.0 `TopicQueueMappingInfo`. */
const mappingInfoFields = {
  bname: optional(text),
  currIdMap: defaulted(numberMapOf(int32), () => new Map<number, number>()),
  dirty: defaulted(bool, () => false),
  epoch: defaulted(int64, () => 0),
  scope: optional(text),
  topic: optional(text),
  totalQueues: defaulted(int32, () => 0),
};
export const TopicQueueMappingInfo = object(mappingInfoFields);
export type TopicQueueMappingInfo = JsonOf<typeof TopicQueueMappingInfo>;

/** Source: rocketmq 5.5.0 `LogicQueueMappingItem`. */
export const LogicQueueMappingItem = object({
  bname: optional(text),
  endOffset: defaulted(int64, () => -1),
  gen: defaulted(int32, () => 0),
  logicOffset: defaulted(int64, () => 0),
  queueId: defaulted(int32, () => 0),
  startOffset: defaulted(int64, () => 0),
  timeOfEnd: defaulted(int64, () => -1),
  timeOfStart: defaulted(int64, () => -1),
});

/** As `TopicQueueMappingInfo`, with what the broker hosts. Source: rocketmq 5.5.0 `TopicQueueMappingDetail`. */
export const TopicQueueMappingDetail = object({
  ...mappingInfoFields,
  hostedQueues: defaulted(
    numberMapOf(list(LogicQueueMappingItem)),
    () => new Map<number, JsonOf<typeof LogicQueueMappingItem>[]>(),
  ),
});
export type TopicQueueMappingDetail = JsonOf<typeof TopicQueueMappingDetail>;

/** A topic and, for static ones, its queue mapping. Source: rocketmq 5.5.0 `TopicConfigAndQueueMapping`. */
export const TopicConfigAndQueueMapping = object({
  ...topicConfigFields,
  mappingDetail: optional(TopicQueueMappingDetail),
});
export type TopicConfigAndQueueMapping = JsonOf<typeof TopicConfigAndQueueMapping>;

const noTopics = (): Map<string, TopicConfig> => new Map();

/** All topics of a broker; also the content of `topics.json`. Source: rocketmq 5.5.0 `TopicConfigSerializeWrapper`. */
export const TopicConfigWrapper = object({
  dataVersion: DataVersion,
  topicConfigTable: defaulted(mapOf(remembered(TopicConfig)), noTopics),
});
export type TopicConfigWrapper = JsonOf<typeof TopicConfigWrapper>;

const noVersion = (): DataVersion => ({ counter: 0, stateVersion: 0, timestamp: 0 });

/** As above with static topics, which are empty here. Source: rocketmq 5.5.0 `TopicConfigAndMappingSerializeWrapper`. */
export const TopicConfigAndMappingWrapper = object({
  dataVersion: DataVersion,
  mappingDataVersion: defaulted(DataVersion, noVersion),
  topicConfigTable: defaulted(mapOf(remembered(TopicConfig)), noTopics),
  topicQueueMappingDetailMap: defaulted(
    mapOf(TopicQueueMappingDetail),
    () => new Map<string, TopicQueueMappingDetail>(),
  ),
  topicQueueMappingInfoMap: defaulted(
    mapOf(TopicQueueMappingInfo),
    () => new Map<string, TopicQueueMappingInfo>(),
  ),
});
export type TopicConfigAndMappingWrapper = JsonOf<typeof TopicConfigAndMappingWrapper>;

/** Source: rocketmq 5.5.0 `CreateTopicListRequestBody`. */
export const TopicConfigList = object({ topicConfigList: list(TopicConfig) });
export type TopicConfigList = JsonOf<typeof TopicConfigList>;

/** Topic names. Source: rocketmq 5.5.0 `TopicList`. */
export const TopicList = object({
  brokerAddr: optional(text),
  topicList: defaulted(list(text), () => []),
});
export type TopicList = JsonOf<typeof TopicList>;
