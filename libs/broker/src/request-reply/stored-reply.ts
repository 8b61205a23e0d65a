import { parseProperties } from '@rocketmq-ts/protocol';
import type { StoreQueue } from '@rocketmq-ts/storage';
import { AwaitedCopy, indexedValuesOf, wholeRange } from '../message-copy.js';
import type { Reply } from './reply-delivery.js';

/**
 * A reply on its way into the log. Its properties stay as the client wrote them. Apache forgets the sys flag here, so that
 * nobody could read a compressed reply; ours keeps it.
 * Source: rocketmq 5.5.0 `ReplyMessageProcessor#processReplyMessageRequest`.
 */
export class StoredReply extends AwaitedCopy {
  constructor(queue: StoreQueue, { header, body, from }: Reply) {
    const { bornHostBytes } = from;
    super(queue, { ...header, bornHostBytes, bodyBytes: body, bodyStart: 0, bodyEnd: body.length });
    const text = header.properties ?? '';
    this.takeProperties(wholeRange(Buffer.from(text)), indexedValuesOf(parseProperties(text)));
  }
}
