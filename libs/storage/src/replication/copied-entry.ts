import { MessageSysFlag } from '@rocketmq-ts/protocol';
import { LogEntry } from '../append-entry.js';
import type { ScannedRecord } from '../commit-log/record-facts.js';
import type { ConsumeQueue } from '../consume-queue/consume-queue.js';

/** A record of another log on its way into this one. Nobody waits for an answer. */
export class CopiedEntry extends LogEntry {
  /** @param inQueues false: the record is in no queue and in no index, whatever it says */
  constructor(record: ScannedRecord, queue: ConsumeQueue, inQueues: boolean) {
    super();
    this.queue = queue;
    this.sysFlag = inQueues ? record.sysFlag : MessageSysFlag.TRANSACTION_ROLLBACK;
    this.tagsCode = record.tagsCode;
    this.uniqKeyHash = record.uniqKeyHash;
    this.uniqKeyLength = record.uniqKeyLength;
    this.keys = record.keys;
    this.tagsHash = record.tagsHash;
    this.tagsLength = record.tagsLength;
    this.queueOffset = record.queueOffset;
    this.commitLogOffset = record.commitLogOffset;
    this.sizeBytes = record.sizeBytes;
    this.storeTimestampMs = record.storeTimestampMs;
  }

  override onStored(): void {
    // The other log's senders are answered there.
  }
}
