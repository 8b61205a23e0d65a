/** Sends timed messages and reads what was delivered, for programs that look at times. Needs the hooks of `tools/dev`. */
import { silentLogger } from '@rocketmq-ts/kernel';
import { NodeClock, NodeNetwork } from '@rocketmq-ts/platform';
import { decodeRecords, formatProperties, PullMessage, SendMessageV2 } from '@rocketmq-ts/protocol';
import { RemotingClient } from '@rocketmq-ts/remoting';

const IN_FLIGHT = 512;
const QUEUES = 4;
const CALL = { timeoutMs: 30_000 };

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @typedef {{ body: string, dueMs: number, storedMs: number }} Delivered */

export class TimerClient {
  /** @param {string} address host:port of a broker */
  constructor(address) {
    this.address = address;
    this.client = new RemotingClient({
      network: new NodeNetwork(),
      clock: new NodeClock(),
      logger: silentLogger,
    });
  }

  /**
   * Sends one message, the number chooses the queue.
   *
   * @param {string} topic
   * @param {number} number
   * @param {Record<string, string>} properties
   * @param {Buffer} body
   * @param {object} more fields of the header that differ
   * @throws when it was not acknowledged
   */
  async send(topic, number, properties, body, more = {}) {
    const header = {
      producerGroup: 'timers',
      topic,
      defaultTopic: 'TBW102',
      defaultTopicQueueNums: QUEUES,
      queueId: number % QUEUES,
      sysFlag: 0,
      bornTimestampMs: Date.now(),
      flag: 0,
      properties: formatProperties(new Map(Object.entries(properties))),
      ...more,
    };
    return this.client.call(this.address, SendMessageV2, { header, body }, CALL);
  }

  /** Sends many, some hundred at a time. */
  async sendAll(topic, count, messageOf) {
    let next = 0;
    const worker = async () => {
      while (next < count) {
        const number = next++;
        const { properties, body } = messageOf(number);
        await this.send(topic, number, properties, body);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  }

  /** All that a topic holds. @returns {Promise<Delivered[]>} */
  async delivered(topic) {
    const found = [];
    for (let queueId = 0; queueId < QUEUES; queueId++) {
      for (let queueOffset = 0, next = 0; next !== undefined; queueOffset = next ?? 0) {
        const records = await this.pull(topic, queueId, queueOffset);
        for (const record of records) {
          found.push({
            body: record.bodyBytes.toString('utf8', record.bodyStart, record.bodyEnd),
            dueMs: Number(record.properties.get('TIMER_DELIVER_MS')),
            storedMs: record.storeTimestampMs,
          });
        }
        next = records.length === 0 ? undefined : records.at(-1).queueOffset + 1;
      }
    }
    return found;
  }

  async pull(topic, queueId, queueOffset) {
    const header = {
      consumerGroup: 'timers',
      topic,
      queueId,
      queueOffset,
      maxMsgNums: 32,
      sysFlag: 4,
      commitOffset: 0,
      suspendTimeoutMs: 0,
      subscription: '*',
      subVersion: 0,
      expressionType: 'TAG',
    };
    const message = { header, body: null };
    const frame = await this.client.exchange(this.address, PullMessage, message, CALL);
    return frame.code === 0 ? decodeRecords(Buffer.from(frame.body)) : [];
  }

  close() {
    this.client.close();
  }
}

/** What became of messages: compares what was acknowledged with what is there. */
export function judge(acknowledged, delivered) {
  const counts = new Map();
  for (const { body } of delivered) counts.set(body, (counts.get(body) ?? 0) + 1);
  const late = delivered.map(({ dueMs, storedMs }) => storedMs - dueMs).sort((a, b) => a - b);
  const at = (share) => late[Math.min(late.length - 1, Math.floor(late.length * share))];
  return {
    acknowledged: acknowledged.length,
    delivered: delivered.length,
    lost: acknowledged.filter((body) => !counts.has(body)).length,
    early: late.filter((ms) => ms < 0).length,
    repeated: delivered.length - counts.size,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    maxMs: late.at(-1),
  };
}
