import { BatchReader, MalformedBodyError, PropertyWalk } from '@rocketmq-ts/protocol';
import type { RemotingFrame } from '@rocketmq-ts/protocol';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { TopicTraffic } from '../stats/broker-stats.js';
import { PendingBatch } from './pending-send.js';
import type { SendAnswers } from './send-answers.js';

/** Most messages in one batch: a bound on the objects that a body of a few megabytes can cause. Apache has none. */
const BATCH_COUNT_MAX = 65_536;

/** Takes the body of SEND_BATCH_MESSAGE apart. */
export class BatchOpener {
  private readonly reader = new BatchReader();
  private readonly properties = new PropertyWalk();

  constructor(private readonly answers: SendAnswers) {}

  /**
   * The batch with its messages: body, properties and flag of each are set, the rest is the caller's.
   * @returns undefined where a length in the body is wrong, or it holds no message or too many.
   */
  open(
    frame: RemotingFrame,
    connection: ServerConnection,
    traffic: TopicTraffic,
  ): PendingBatch | undefined {
    const batch = new PendingBatch(this.answers, connection, traffic);
    batch.requestCode = frame.code;
    batch.opaque = frame.opaque;
    batch.serializeType = frame.serializeType;
    batch.isOneWay = frame.isOneWay;
    batch.inFlightBytes = frame.sizeBytes;
    try {
      this.addMessages(frame, batch);
    } catch (error) {
      if (error instanceof MalformedBodyError) return undefined;
      throw error;
    }
    const { messageCount } = batch;
    return messageCount === 0 || messageCount > BATCH_COUNT_MAX ? undefined : batch;
  }

  /** As many as it has, or one more than it may have. @throws {MalformedBodyError} */
  private addMessages(frame: RemotingFrame, batch: PendingBatch): void {
    const { reader } = this;
    reader.open(frame.bytes, frame.bodyStart, frame.end);
    while (reader.count <= BATCH_COUNT_MAX && reader.next()) this.addMessage(batch);
  }

  private addMessage(batch: PendingBatch): void {
    const { bytes, flag, propertiesStart: start, propertiesEnd: end } = this.reader;
    const message = batch.addMessage();
    message.flag = flag;
    message.bornHostBytes = batch.connection.bornHostBytes;
    message.bodyBytes = bytes;
    message.bodyStart = this.reader.bodyStart;
    message.bodyEnd = this.reader.bodyEnd;
    message.propertiesBytes = bytes;
    message.propertiesStart = start;
    message.propertiesEnd = end;
    const { properties } = this;
    properties.find(bytes, start, end);
    message.uniqKeyHash = properties.uniqKey.hash;
    message.uniqKeyLength = properties.uniqKey.textLength;
    message.keys = properties.text(bytes, 'KEYS');
    message.tagsHash = properties.tags.hash;
    message.tagsLength = properties.tags.textLength;
    message.tagsCode = message.tagsHash;
    message.multiDispatch = properties.text(bytes, 'INNER_MULTI_DISPATCH');
  }
}
