import {
  bodyCrcOf,
  CheckTransactionState,
  encodeRecord,
  formatProperties,
  offsetMsgId,
  PropertyName,
  recordSizeBytes,
} from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { BrokerIdentity } from '../broker-identity.js';
import type { ProducerGroups } from '../client-session/producer-groups.js';
import { TRANSACTION_HALF_TOPIC } from '../topic/topic-name.js';
import { realPlaceOf } from './half-message.js';

/** A producer with more than this on its way to it is not asked: it does not read. */
const UNSENT_BYTES_MAX = 1024 * 1024;

/** The half message that stands for a transaction while a producer is asked. */
export interface CheckedHalf {
  readonly record: MessageRecord;
  /** Properties with the count of this check. */
  readonly properties: Map<string, string>;
  /** Where its newest copy lies. */
  readonly queueOffset: number;
  readonly commitLogOffset: number;
  readonly storeTimestampMs: number;
}

/** Asks producers about open transactions. Source: rocketmq 5.5.0 `AbstractTransactionalMessageCheckListener`. */
export class CheckBacks {
  private turn = 0;

  constructor(
    private readonly producers: ProducerGroups<ServerConnection>,
    private readonly identity: BrokerIdentity,
  ) {}

  /** A producer of the group that can be asked, another one each time; undefined where none is there. */
  producerOf(group: string): ServerConnection | undefined {
    const members = this.producers.members(group);
    for (let i = 0; i < members.length; i++) {
      const { connection } = members[(this.turn + i) % members.length]!;
      if (connection.closed || connection.unsentBytes > UNSENT_BYTES_MAX) continue;
      this.turn++;
      return connection;
    }
    return undefined;
  }

  send(producer: ServerConnection, half: CheckedHalf): void {
    const uniqKey = half.properties.get(PropertyName.UNIQ_KEY);
    const ids = uniqKey === undefined ? {} : { msgId: uniqKey, transactionId: uniqKey };
    producer.oneWay(CheckTransactionState, {
      header: {
        bname: this.identity.brokerName,
        topic: TRANSACTION_HALF_TOPIC,
        queueOffset: half.queueOffset,
        commitLogOffset: half.commitLogOffset,
        offsetMsgId: offsetMsgId(this.identity.storeHostHex, half.commitLogOffset),
        ...ids,
      },
      body: checkedRecord(half),
    });
  }
}

/** The half message as its producer knows it: a record under its real topic and queue. */
function checkedRecord(half: CheckedHalf): Buffer {
  const { record } = half;
  const place = realPlaceOf(record);
  const topicBytes = Buffer.from(place?.topic ?? record.topic);
  const propertiesBytes = Buffer.from(formatProperties(half.properties));
  const { bodyBytes, bodyStart, bodyEnd, bornHostBytes, storeHostBytes } = record;
  const size = recordSizeBytes(
    topicBytes.length,
    bodyEnd - bodyStart,
    propertiesBytes.length,
    bornHostBytes.length,
    storeHostBytes.length,
  );
  const bytes = Buffer.alloc(size);
  encodeRecord(bytes, 0, {
    topicBytes,
    queueId: place?.queueId ?? record.queueId,
    flag: record.flag,
    queueOffset: half.queueOffset,
    commitLogOffset: half.commitLogOffset,
    sysFlag: record.sysFlag,
    bornTimestampMs: record.bornTimestampMs,
    bornHostBytes,
    storeTimestampMs: half.storeTimestampMs,
    storeHostBytes,
    reconsumeTimes: record.reconsumeTimes,
    preparedTransactionOffset: record.preparedTransactionOffset,
    bodyBytes,
    bodyStart,
    bodyEnd,
    bodyCrc: bodyCrcOf(bodyBytes, bodyStart, bodyEnd),
    propertiesBytes,
    propertiesStart: 0,
    propertiesEnd: propertiesBytes.length,
  });
  return bytes;
}
