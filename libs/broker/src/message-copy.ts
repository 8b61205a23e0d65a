import { PropertyName } from '@rocketmq-ts/protocol';
import type { RecordSource } from '@rocketmq-ts/protocol';
import { AppendEntry } from '@rocketmq-ts/storage';
import type { StoreOutcome, StoreQueue } from '@rocketmq-ts/storage';

/** What a copy takes over from the message that it is made from. */
export type CopiedFields = Pick<
  RecordSource,
  | 'sysFlag'
  | 'flag'
  | 'bornTimestampMs'
  | 'bornHostBytes'
  | 'reconsumeTimes'
  | 'bodyBytes'
  | 'bodyStart'
  | 'bodyEnd'
>;

/** Properties as they are stored: `propertiesBytes[propertiesStart … propertiesEnd)`. */
export type PropertyRange = Pick<
  RecordSource,
  'propertiesBytes' | 'propertiesStart' | 'propertiesEnd'
>;

/** Values of properties by which the store finds a message again. */
export interface IndexedValues {
  readonly tags: string | undefined;
  readonly uniqKey: string | undefined;
  readonly keys: string | undefined;
  readonly multiDispatch: string | undefined;
}

/** The indexed values among properties. */
export const indexedValuesOf = (properties: {
  get(name: string): string | undefined;
}): IndexedValues => ({
  tags: properties.get(PropertyName.TAGS),
  uniqKey: properties.get(PropertyName.UNIQ_KEY),
  keys: properties.get(PropertyName.KEYS),
  multiDispatch: properties.get(PropertyName.INNER_MULTI_DISPATCH),
});

/** All of some bytes as properties. */
export const wholeRange = (propertiesBytes: Buffer): PropertyRange => ({
  propertiesBytes,
  propertiesStart: 0,
  propertiesEnd: propertiesBytes.length,
});

/**
 * A message that the broker itself stores, made from one that is there. A subclass says what becomes of its properties
 * (`takeProperties`) and changes the fields in which the copy differs.
 */
export abstract class MessageCopy extends AppendEntry {
  /** @param topicBytes UTF-8 of `queue.topic` */
  constructor(
    queue: StoreQueue,
    origin: CopiedFields,
    topicBytes: Buffer = Buffer.from(queue.topic),
  ) {
    super();
    this.queue = queue;
    this.setTopic(topicBytes);
    this.sysFlag = origin.sysFlag;
    this.flag = origin.flag;
    this.bornTimestampMs = origin.bornTimestampMs;
    this.bornHostBytes = origin.bornHostBytes;
    this.reconsumeTimes = origin.reconsumeTimes;
    this.bodyBytes = origin.bodyBytes;
    this.bodyStart = origin.bodyStart;
    this.bodyEnd = origin.bodyEnd;
  }

  protected takeProperties(range: PropertyRange, values: IndexedValues): void {
    this.propertiesBytes = range.propertiesBytes;
    this.propertiesStart = range.propertiesStart;
    this.propertiesEnd = range.propertiesEnd;
    this.indexTags(values.tags);
    this.tagsCode = this.tagsHash;
    this.indexUniqKey(values.uniqKey);
    this.keys = values.keys;
    this.multiDispatch = values.multiDispatch;
  }
}

/** A copy whose maker waits for it. Off the hot path: `stored` is a promise per message. */
export abstract class AwaitedCopy extends MessageCopy {
  /** The outcome; never rejects. */
  readonly stored: Promise<StoreOutcome>;
  private settle!: (outcome: StoreOutcome) => void;

  constructor(queue: StoreQueue, origin: CopiedFields) {
    super(queue, origin);
    this.stored = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  override onStored(outcome: StoreOutcome): void {
    this.settle(outcome);
  }
}
