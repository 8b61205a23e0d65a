import { getInt64, memoryViewOf } from '@rocketmq-ts/kernel';
import {
  isHiddenTransaction,
  locateRecord,
  PropertyWalk,
  RecordAt,
  RecordLayout,
} from '@rocketmq-ts/protocol';
import { lightPlaces, type LightPlace } from '../light-queue/light-places.js';
import type { IndexKeys } from '../message-store.types.js';

const SCHEDULE_TOPIC = 'SCHEDULE_TOPIC_XXXX';
const TOPICS_KNOWN_MAX = 100_000;

/** What queues and index need to know of a stored record. The object is reused for the next one. */
export interface ScannedRecord extends IndexKeys {
  readonly commitLogOffset: number;
  readonly sizeBytes: number;
  readonly topic: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly sysFlag: number;
  readonly storeTimestampMs: number;
  readonly tagsCode: number;
  /** Its places in light queues; undefined where it has none. */
  readonly lightPlaces: readonly LightPlace[] | undefined;
}

class Scanned implements ScannedRecord {
  commitLogOffset = 0;
  sizeBytes = 0;
  topic = '';
  queueId = 0;
  queueOffset = 0;
  sysFlag = 0;
  storeTimestampMs = 0;
  tagsCode = 0;
  uniqKeyHash = 0;
  uniqKeyLength = 0;
  keys: string | undefined = undefined;
  tagsHash = 0;
  tagsLength = 0;
  lightPlaces: readonly LightPlace[] | undefined = undefined;
}

/** What facts are read, and how. */
export interface RecordFactsOptions {
  /** Read the keys for an index. */
  readonly withKeys: boolean;
  readonly deliverTimestampMs: (delayLevel: number, storeTimestampMs: number) => number;
}

/** Reads out of stored records what queues and index are built from. */
export class RecordFacts {
  private readonly record = new Scanned();
  private readonly layout = new RecordLayout();
  private readonly properties = new PropertyWalk();
  private readonly topics = new Map<number, { bytes: Buffer; text: string }>();

  constructor(private readonly options: RecordFactsOptions) {}

  /** Reads the sound record of this size at `position`, which lies at `offset` of the log. The object is that of the last call. */
  of(bytes: Buffer, position: number, offset: number, sizeBytes: number): ScannedRecord {
    const { record, layout } = this;
    const view = memoryViewOf(bytes);
    const at = bytes.byteOffset + position;
    locateRecord(bytes, position, position + sizeBytes, layout);
    record.commitLogOffset = offset;
    record.sizeBytes = sizeBytes;
    record.queueId = view.getInt32(at + RecordAt.QUEUE_ID);
    record.queueOffset = getInt64(view, at + RecordAt.QUEUE_OFFSET);
    record.sysFlag = layout.sysFlag;
    record.storeTimestampMs = getInt64(view, bytes.byteOffset + layout.storeTimestampAt);
    record.topic = this.topicText(bytes, layout.topicStart, layout.topicEnd);
    const { properties } = this;
    properties.find(bytes, layout.propertiesStart, layout.propertiesEnd);
    record.tagsHash = properties.tags.hash;
    record.tagsLength = properties.tags.textLength;
    record.tagsCode = this.tagsCode(bytes);
    record.lightPlaces = this.lightPlaces(bytes);
    if (!this.options.withKeys) return record;
    record.uniqKeyHash = properties.uniqKey.hash;
    record.uniqKeyLength = properties.uniqKey.textLength;
    record.keys = properties.text(bytes, 'KEYS');
    return record;
  }

  /** Source: rocketmq 5.5.0 `CommitLog#checkMessageAndReturnSize`. */
  private tagsCode(bytes: Buffer): number {
    const { record, properties } = this;
    if (record.topic === SCHEDULE_TOPIC) {
      const level = Number.parseInt(properties.text(bytes, 'DELAY') ?? '', 10);
      if (level > 0) return this.options.deliverTimestampMs(level, record.storeTimestampMs);
    }
    return record.tagsHash;
  }

  private lightPlaces(bytes: Buffer): LightPlace[] | undefined {
    const offsets = this.properties.text(bytes, 'INNER_MULTI_QUEUE_OFFSET');
    if (offsets === undefined || isHiddenTransaction(this.record.sysFlag)) return undefined;
    const names = this.properties.text(bytes, 'INNER_MULTI_DISPATCH');
    return names === undefined ? undefined : lightPlaces(this.record.topic, names, offsets);
  }

  /** The topic as text; the same few topics come again and again. */
  private topicText(bytes: Buffer, start: number, end: number): string {
    let hash = end - start;
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    const known = this.topics.get(hash);
    if (known && known.bytes.length === end - start && isSame(bytes, start, known.bytes)) {
      return known.text;
    }
    const text = bytes.toString('utf8', start, end);
    if (this.topics.size >= TOPICS_KNOWN_MAX) this.topics.clear();
    this.topics.set(hash, { bytes: Buffer.from(bytes.subarray(start, end)), text });
    return text;
  }
}

function isSame(bytes: Buffer, start: number, other: Buffer): boolean {
  for (let i = 0; i < other.length; i++) if (bytes[start + i] !== other[i]) return false;
  return true;
}
