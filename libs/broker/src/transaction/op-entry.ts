import { formatProperties, tagsCodeOf } from '@rocketmq-ts/protocol';
import { AppendEntry } from '@rocketmq-ts/storage';
import type { StoreOutcome, StoreQueue } from '@rocketmq-ts/storage';
import { OP_TAG } from './op-body.js';

const PROPERTIES = Buffer.from(
  formatProperties(
    new Map([
      ['WAIT', 'true'],
      ['TAGS', OP_TAG],
    ]),
  ),
);
const TAGS_CODE = tagsCodeOf(OP_TAG);

/** An op message on its way into the store. Source: rocketmq 5.5.0 `TransactionalMessageBridge#makeOpMessageInner`. */
export class OpEntry extends AppendEntry {
  constructor(
    queue: StoreQueue,
    body: string,
    surroundings: { readonly nowMs: number; readonly storeHostBytes: Buffer },
    private readonly settled: (entry: OpEntry, outcome: StoreOutcome) => void,
  ) {
    super();
    this.queue = queue;
    this.setTopic(Buffer.from(queue.topic));
    this.bornTimestampMs = surroundings.nowMs;
    this.bornHostBytes = surroundings.storeHostBytes;
    this.bodyBytes = Buffer.from(body);
    this.bodyEnd = this.bodyBytes.length;
    this.propertiesBytes = PROPERTIES;
    this.propertiesEnd = PROPERTIES.length;
    this.tagsCode = TAGS_CODE;
    this.indexTags(OP_TAG);
  }

  override onStored(outcome: StoreOutcome): void {
    this.settled(this, outcome);
  }
}
