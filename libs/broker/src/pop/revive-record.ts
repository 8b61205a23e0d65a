import { PopAckRecord, PopCheckpointRecord, formatJson, readJson } from '@rocketmq-ts/protocol';
import type { MessageRecord } from '@rocketmq-ts/protocol';

/** Tags of the records of the revive log. Source: rocketmq 5.5.0 `PopAckConstants`. */
export const CHECKPOINT_TAG = 'ck';
export const ACK_TAG = 'ack';
export const BATCH_ACK_TAG = 'bAck';

/** Time before the end of the invisible time at which a checkpoint comes out of the timer. Source: `PopAckConstants#ackTimeInterval`. */
export const CHECKPOINT_LEAD_MS = 1_000;

/** A record of the revive log on its way there. */
export interface ReviveText {
  readonly tag: string;
  readonly body: string;
  /** Property UNIQ_KEY. */
  readonly uniqKey: string;
  /** When it is to stand in the revive log; before that it waits in the timer. */
  readonly deliverAtMs: number;
}

/** Source: rocketmq 5.5.0 `PopMessageProcessor#buildCkMsg`, `#genCkUniqueId`. */
export function checkpointText(ck: PopCheckpointRecord): ReviveText {
  return {
    tag: CHECKPOINT_TAG,
    body: formatJson(PopCheckpointRecord, ck),
    uniqKey: `${ck.t}@${ck.q}@${ck.so}@${ck.c}@${ck.pt}@${ck.bn}@${CHECKPOINT_TAG}`,
    deliverAtMs: ck.pt + ck.it - CHECKPOINT_LEAD_MS,
  };
}

/**
 * The acknowledgement of some messages of a checkpoint; of one in the form that every release of Apache's broker reads.
 * @param reviveAtMs end of the invisible time
 * Source: rocketmq 5.5.0 `AckMessageProcessor#appendAck`, `PopMessageProcessor#genAckUniqueId`, `#genBatchAckUniqueId`.
 */
export function ackText(
  of: Omit<PopAckRecord, 'ao' | 'aol'>,
  queueOffsets: readonly number[],
  reviveAtMs: number,
): ReviveText {
  const one = queueOffsets.length === 1;
  const record: PopAckRecord = one
    ? { ...of, ao: queueOffsets[0]! }
    : { ...of, ao: -1, aol: [...queueOffsets] };
  const place = `${of.t}@${of.q}`;
  const uniqKey = one
    ? `${place}@${record.ao}@${of.c}@${of.pt}@${of.bn}@${ACK_TAG}`
    : `${place}@[${queueOffsets.join(', ')}]@${of.c}@${of.pt}@${BATCH_ACK_TAG}`;
  return {
    tag: one ? ACK_TAG : BATCH_ACK_TAG,
    body: formatJson(PopAckRecord, record),
    uniqKey,
    deliverAtMs: reviveAtMs,
  };
}

/** What a record of the revive log says. */
export type ReviveRecord =
  | { readonly kind: 'checkpoint'; readonly checkpoint: PopCheckpointRecord }
  | { readonly kind: 'ack'; readonly ack: PopAckRecord; readonly queueOffsets: readonly number[] };

/**
 * Reads a record of the revive log; undefined for one of another kind.
 * @throws {MalformedBodyError} it cannot be read.
 */
export function readReviveRecord(record: MessageRecord): ReviveRecord | undefined {
  const tag = record.properties.get('TAGS');
  if (tag !== CHECKPOINT_TAG && tag !== ACK_TAG && tag !== BATCH_ACK_TAG) return undefined;
  const text = record.bodyBytes.toString('utf8', record.bodyStart, record.bodyEnd);
  if (tag === CHECKPOINT_TAG) {
    return { kind: 'checkpoint', checkpoint: readJson(PopCheckpointRecord, text) };
  }
  const ack = readJson(PopAckRecord, text);
  const queueOffsets = tag === BATCH_ACK_TAG ? (ack.aol ?? []) : [ack.ao];
  return { kind: 'ack', ack, queueOffsets };
}

/** Place of a message in its checkpoint, −1 where it is not part of it. Source: rocketmq 5.5.0 `PopCheckPoint#indexOfAck`. */
export function indexInCheckpoint(ck: PopCheckpointRecord, queueOffset: number): number {
  const distance = queueOffset - ck.so;
  if (distance < 0) return -1;
  if (ck.d === undefined || ck.d.length === 0) return distance < ck.n ? distance : -1;
  return ck.d.indexOf(distance);
}

/** Queue offset of the message at a place of its checkpoint. Source: rocketmq 5.5.0 `PopCheckPoint#ackOffsetByIndex`. */
export const offsetInCheckpoint = (ck: PopCheckpointRecord, index: number): number =>
  ck.d === undefined || ck.d.length === 0 ? ck.so + index : ck.so + ck.d[index]!;

/**
 * What ties an acknowledgement to its checkpoint.
 * @param brokerName for records that name none
 * Source: rocketmq 5.5.0 `PopReviveService#consumeReviveMessage`.
 */
export const mergeKeyOf = (
  of: Pick<PopAckRecord, 't' | 'c' | 'q' | 'so' | 'pt' | 'bn'>,
  brokerName: string,
): string =>
  `${of.t}@${of.c}@${of.q}@${of.so}@${of.pt}@${of.bn === undefined || of.bn.trim() === '' ? brokerName : of.bn}`;
