import { readSafeInt64 } from '@rocketmq-ts/kernel';
import {
  RecordAt,
  decodeRecord,
  encodeRecord,
  formatProperties,
  recordSizeBytes,
} from '@rocketmq-ts/protocol';
import { propertiesOf } from '../send/broker-message.js';

/** Queue offsets of records that lie one behind the other. */
export function queueOffsetsIn(records: Buffer): number[] {
  const offsets: number[] = [];
  for (let at = 0; at < records.length; at += records.readInt32BE(at)) {
    offsets.push(readSafeInt64(records, at + RecordAt.QUEUE_OFFSET));
  }
  return offsets;
}

/**
 * Records of a pop retry topic in the form in which consumers get them: under the topic they subscribe to, and with the
 * receipt handle in a property, since it cannot be made of the answer.
 * @param handleOf the handle of a message by its place
 * Source: rocketmq 5.5.0 `PopMessageProcessor#popMsgFromQueue`.
 */
export function underOriginalTopic(
  records: Buffer,
  originalTopic: string,
  handleOf: (queueId: number, queueOffset: number) => string,
): Buffer {
  const topicBytes = Buffer.from(originalTopic);
  const rewritten: Buffer[] = [];
  for (let at = 0; at < records.length;) {
    const record = decodeRecord(records, at);
    at += record.sizeBytes;
    const properties = propertiesOf(record);
    if (!properties.has('POP_CK')) {
      properties.set('POP_CK', handleOf(record.queueId, record.queueOffset));
    }
    const propertiesBytes = Buffer.from(formatProperties(properties));
    const source = {
      ...record,
      topicBytes,
      propertiesBytes,
      propertiesStart: 0,
      propertiesEnd: propertiesBytes.length,
    };
    const sizeBytes = recordSizeBytes(
      topicBytes.length,
      record.bodyEnd - record.bodyStart,
      propertiesBytes.length,
      record.bornHostBytes.length,
      record.storeHostBytes.length,
    );
    const into = Buffer.allocUnsafe(sizeBytes);
    encodeRecord(into, 0, source);
    rewritten.push(into);
  }
  return Buffer.concat(rewritten);
}
