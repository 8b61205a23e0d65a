/** Pops and acknowledges, for programs that look at what comes again. Needs the hooks of `tools/dev`. */
import {
  AckMessage,
  BatchAckMessage,
  ChangeMessageInvisibletime,
  codec,
  decodeRecords,
  PopMessage,
} from '@rocketmq-ts/protocol';
import { batchOf, namedBy, renewed, withHandles } from '../../apps/broker/test/pop-handles.ts';
import { TimerClient } from '../timer/timer-client.mjs';

const CALL = { timeoutMs: 30_000 };
const changed = codec(ChangeMessageInvisibletime);

/** @typedef {import('../../apps/broker/test/pop-handles.ts').PoppedMessage} PoppedMessage */

export class PopClient extends TimerClient {
  /** @param {string} address host:port of a broker @param {string} topic @param {string} group */
  constructor(address, topic, group) {
    super(address);
    this.topic = topic;
    this.group = group;
  }

  /** Pops from any queue. @returns {Promise<PoppedMessage[]>} none where nothing came in time */
  async pop(invisibleMs, maxMsgNums = 32, pollMs = 500) {
    const header = {
      topic: this.topic,
      consumerGroup: this.group,
      queueId: -1,
      maxMsgNums,
      invisibleTimeMs: invisibleMs,
      pollTimeMs: pollMs,
      bornTimeMs: Date.now(),
      initMode: 0,
    };
    const message = { header, body: null };
    const frame = await this.client.exchange(this.address, PopMessage, message, CALL);
    if (frame.code !== 0) return [];
    // The answer's bytes are not kept beyond this turn.
    return withHandles(decodeRecords(Buffer.from(frame.body)), frame.ext(), this.topic, this.group);
  }

  /** @returns {Promise<number>} the code of the answer */
  async ack(message) {
    const named = { header: namedBy(message, this.group), body: null };
    return (await this.client.exchange(this.address, AckMessage, named, CALL)).code;
  }

  /** Acknowledges messages of one pop together. @returns {Promise<number>} the code of the answer */
  async ackAll(messages) {
    const body = batchOf(messages, this.topic, this.group);
    const named = { header: {}, body };
    return (await this.client.exchange(this.address, BatchAckMessage, named, CALL)).code;
  }

  /** Changes the invisible time. @returns {Promise<PoppedMessage | undefined>} with its new handle; none where refused */
  async postpone(message, invisibleMs) {
    const header = {
      ...namedBy(message, this.group),
      invisibleTimeMs: invisibleMs,
      suspend: false,
    };
    const named = { header, body: null };
    const frame = await this.client.exchange(this.address, ChangeMessageInvisibletime, named, CALL);
    if (frame.code !== 0) return undefined;
    return renewed(message, changed.decodeResponse(frame.ext(), frame.body).header);
  }
}
