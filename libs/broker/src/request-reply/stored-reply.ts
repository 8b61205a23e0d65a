import { parseProperties, PropertyName, tagsCodeOf } from '@rocketmq-ts/protocol';
import { AppendEntry } from '@rocketmq-ts/storage';
import type { StoreOutcome, StoreQueue } from '@rocketmq-ts/storage';
import type { Reply } from './reply-delivery.js';

/**
 * A reply on its way into the log. Its properties stay as the client wrote them. Apache forgets the sys flag here, so that
 * nobody could read a compressed reply; ours keeps it.
 * Source: rocketmq 5.5.0 `ReplyMessageProcessor#processReplyMessageRequest`.
 */
export class StoredReply extends AppendEntry {
  /** The outcome; never rejects. */
  readonly stored: Promise<StoreOutcome>;
  private settle!: (outcome: StoreOutcome) => void;

  constructor(queue: StoreQueue, { header, body, from }: Reply) {
    super();
    this.stored = new Promise((resolve) => {
      this.settle = resolve;
    });
    const text = header.properties ?? '';
    const properties = parseProperties(text);
    this.queue = queue;
    this.topicBytes = Buffer.from(queue.topic);
    this.sysFlag = header.sysFlag;
    this.flag = header.flag;
    this.bornTimestampMs = header.bornTimestampMs;
    this.bornHostBytes = from.bornHostBytes;
    this.reconsumeTimes = header.reconsumeTimes;
    this.bodyBytes = body;
    this.bodyEnd = body.length;
    this.propertiesBytes = Buffer.from(text);
    this.propertiesEnd = this.propertiesBytes.length;
    this.tagsCode = tagsCodeOf(properties.get(PropertyName.TAGS));
    this.uniqKey = properties.get(PropertyName.UNIQ_KEY);
    this.keys = properties.get(PropertyName.KEYS);
    this.multiDispatch = properties.get(PropertyName.INNER_MULTI_DISPATCH);
    this.tags = properties.get(PropertyName.TAGS);
  }

  override onStored(outcome: StoreOutcome): void {
    this.settle(outcome);
  }
}
