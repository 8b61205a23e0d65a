import {
  type MessageRecord,
  type JsonType,
  type RecordSource,
  FASTJSON,
  FrameFlag,
  FrameWriter,
  MessageSysFlag,
  bodyCrcOf,
  encodeBatch,
  encodeRecord,
  encodeRequestFrame,
  encodeResponseFrame,
  formatJson,
  hostBytes,
  languageCodeOf,
  recordSizeBytes,
  ClusterInfo,
  ConsumeStats,
  ConsumerConnection,
  ConsumerList,
  ConsumerOffsetFile,
  ConsumerOffsetWrapper,
  DataVersion,
  HeartbeatData,
  KvConfigFile,
  KvTable,
  LockBatchRequest,
  LockBatchResponse,
  ProducerConnection,
  RegisterBrokerBody,
  ResetOffsetBody,
  SubscriptionGroupWrapper,
  TopicConfigAndMappingWrapper,
  TopicConfigWrapper,
  TopicList,
  TopicRouteData,
  TopicStatsTable,
  ConsumeStatsList,
  ConsumeTimeSpanBody,
  ConsumerStatusBody,
  CorrectionOffsetBody,
  GroupForbidden,
  HaRuntimeInfo,
  json,
  ListedResetOffsets,
  MessageQueue,
  ProducerTableInfo,
  QueryConsumeQueueResponse,
  QuerySubscriptionResponse,
} from '../src/index.js';

/** A frame as the golden index describes it. */
export interface GoldenFrame {
  readonly serializeType: 'JSON' | 'ROCKETMQ';
  readonly code: number;
  readonly language: string;
  readonly version: number;
  readonly opaque: number;
  readonly flag: number;
  readonly remark: string | null;
  readonly extFields: readonly (readonly [string, string])[] | null;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly bodyHex: string | null;
}

/** The same frame by our encoder. */
export function encodeGoldenFrame(value: GoldenFrame): Buffer {
  const writer = new FrameWriter({ initialBytes: 16 });
  const content = {
    serializeType: value.serializeType === 'JSON' ? (0 as const) : (1 as const),
    code: value.code,
    opaque: value.opaque,
    version: value.version,
    languageCode: languageCodeOf(value.language),
    remark: value.remark ?? undefined,
    ext: value.extFields === null ? undefined : new Map(value.extFields),
    body: Buffer.from(value.bodyHex ?? '', 'hex'),
  };
  if (value.flag === FrameFlag.RESPONSE) encodeResponseFrame(writer, content);
  else encodeRequestFrame(writer, { ...content, oneWay: value.flag === FrameFlag.ONE_WAY });
  return writer.bytes();
}

/** A record as the golden index describes it. */
export interface GoldenRecord {
  readonly version: 1 | 2;
  readonly topic: string;
  readonly queueId: number;
  readonly flag: number;
  readonly queueOffset: number;
  readonly commitLogOffset: number;
  readonly sysFlag: number;
  readonly bornTimestamp: number;
  readonly bornHost: string;
  readonly storeTimestamp: number;
  readonly storeHost: string;
  readonly reconsumeTimes: number;
  readonly preparedTransactionOffset: number;
  /** Absent where Java compressed the body itself: zlib's output may differ from version to version. */
  readonly storedBodyHex?: string;
  readonly bodyCrc?: number;
  readonly propertiesText: string;
  readonly properties: readonly (readonly [string, string])[];
  readonly offsetMsgId: string;
  readonly tagsCode: number;
}

/** `ip:port` or `[ip]:port` as a record stores it. */
export function hostOf(text: string): Buffer {
  const colon = text.lastIndexOf(':');
  const address = text.slice(0, colon).replace(/^\[|\]$/g, '');
  return hostBytes(address, Number(text.slice(colon + 1)))!;
}

/** What our encoder makes that record of; `record` lends a body that the index does not tell. */
export function recordSourceOf(golden: GoldenRecord, record: MessageRecord): RecordSource {
  const bodyBytes =
    golden.storedBodyHex === undefined
      ? record.bodyBytes.subarray(record.bodyStart, record.bodyEnd)
      : Buffer.from(golden.storedBodyHex, 'hex');
  const propertiesBytes = Buffer.from(golden.propertiesText, 'utf8');
  return {
    topicBytes: Buffer.from(golden.topic, 'utf8'),
    queueId: golden.queueId,
    flag: golden.flag,
    queueOffset: golden.queueOffset,
    commitLogOffset: golden.commitLogOffset,
    sysFlag: golden.sysFlag & ~(MessageSysFlag.BORN_HOST_V6 | MessageSysFlag.STORE_HOST_V6),
    bornTimestampMs: golden.bornTimestamp,
    bornHostBytes: hostOf(golden.bornHost),
    storeTimestampMs: golden.storeTimestamp,
    storeHostBytes: hostOf(golden.storeHost),
    reconsumeTimes: golden.reconsumeTimes,
    preparedTransactionOffset: golden.preparedTransactionOffset,
    bodyBytes,
    bodyStart: 0,
    bodyEnd: bodyBytes.length,
    bodyCrc: bodyCrcOf(bodyBytes, 0, bodyBytes.length),
    propertiesBytes,
    propertiesStart: 0,
    propertiesEnd: propertiesBytes.length,
  };
}

/** A record by our encoder. */
export function encodeGoldenRecord(golden: GoldenRecord, record: MessageRecord): Buffer {
  const source = recordSourceOf(golden, record);
  const bytes = Buffer.alloc(
    recordSizeBytes(
      source.topicBytes.length,
      source.bodyEnd,
      source.propertiesEnd,
      source.bornHostBytes.length,
      source.storeHostBytes.length,
    ),
  );
  encodeRecord(bytes, 0, source);
  return bytes;
}

/** A batch as the golden index describes it. */
export interface GoldenBatch {
  readonly messages: readonly {
    readonly flag: number;
    readonly bodyHex: string;
    readonly propertiesText: string;
  }[];
}

/** The same batch by our encoder. */
export const encodeGoldenBatch = ({ messages }: GoldenBatch): Buffer =>
  encodeBatch(
    messages.map(({ flag, bodyHex, propertiesText }) => ({
      flag,
      body: Buffer.from(bodyHex, 'hex'),
      properties: Buffer.from(propertiesText, 'utf8'),
    })),
  );

/** Java writes times as text besides, which nobody reads and we leave out. */
const TimeSpansWithTexts = json.object({
  consumeTimeSpanSet: json.list(
    json.object({
      consumeTimeStamp: json.int64,
      consumeTimeStampStr: json.text,
      delayTime: json.int64,
      maxTimeStamp: json.int64,
      maxTimeStampStr: json.text,
      messageQueue: MessageQueue,
      minTimeStamp: json.int64,
      minTimeStampStr: json.text,
    }),
  ),
});

/** Java's class → our shape; a file where Java's file has more than the class that describes it. */
export const shapes: Readonly<Record<string, JsonType<never>>> = {
  'config.consumerOffset.bin': ConsumerOffsetFile,
  'body.query-consume-time-span-body.bin': TimeSpansWithTexts,
  ClusterInfo,
  ConsumeStats,
  ConsumeStatsList,
  QueryConsumeTimeSpanBody: ConsumeTimeSpanBody,
  QueryCorrectionOffsetBody: CorrectionOffsetBody,
  QuerySubscriptionResponseBody: QuerySubscriptionResponse,
  QueryConsumeQueueResponseBody: QueryConsumeQueueResponse,
  GetConsumerStatusBody: ConsumerStatusBody,
  ProducerTableInfo,
  HARuntimeInfo: HaRuntimeInfo,
  GroupForbidden,
  ResetOffsetBodyForC: ListedResetOffsets,
  ConsumerConnection,
  GetConsumerListByGroupResponseBody: ConsumerList,
  ConsumerOffsetSerializeWrapper: ConsumerOffsetWrapper,
  KVConfigSerializeWrapper: KvConfigFile,
  DataVersion,
  HeartbeatData,
  KVTable: KvTable,
  LockBatchRequestBody: LockBatchRequest,
  UnlockBatchRequestBody: LockBatchRequest,
  LockBatchResponseBody: LockBatchResponse,
  ProducerConnection,
  RegisterBrokerBody,
  ResetOffsetBody,
  SubscriptionGroupWrapper,
  TopicConfigAndMappingSerializeWrapper: TopicConfigAndMappingWrapper,
  TopicConfigSerializeWrapper: TopicConfigWrapper,
  TopicList,
  TopicRouteData,
  TopicStatsTable,
} as unknown as Record<string, JsonType<never>>;

/** The shape of a golden body and of the class that describes it. */
export function shapesOf(
  file: string,
  javaClass: string,
): { readonly ours: JsonType<unknown>; readonly described: JsonType<unknown> } {
  const described = shapes[javaClass.split('.').at(-1)!] as JsonType<unknown>;
  return { described, ours: (shapes[file] as JsonType<unknown> | undefined) ?? described };
}

/** Text in the style that Java wrote `like` in. */
export const formatLike = (shape: JsonType<unknown>, object: unknown, like: string): string =>
  formatJson(shape, object, like.includes('{"0":') ? undefined : FASTJSON);
