/** A producer of transactions that keeps what it decided, and a judge of what was delivered. Needs the hooks of `tools/dev`. */
import {
  CheckTransactionState,
  codec,
  decodeRecord,
  EndTransaction,
  HeartBeat,
  MessageSysFlag,
} from '@rocketmq-ts/protocol';
import { TimerClient } from '../timer/timer-client.mjs';

const GROUP = 'transaction-producers';
const CALL = { timeoutMs: 30_000 };
const { TRANSACTION_COMMIT, TRANSACTION_ROLLBACK, TRANSACTION_PREPARED } = MessageSysFlag;

/**
 * What a producer knows of one of its transactions; it says the same whenever it is asked.
 *
 * @typedef {object} LocalTransaction
 * @property {'commit' | 'rollback'} decision
 * @property {boolean} decidesAtOnce otherwise it waits to be asked
 * @property {number} unknownChecks checks that it answers with "unknown" before it knows
 * @property {boolean} stored the half message was acknowledged
 * @property {boolean} ended the decision was acknowledged
 * @property {number} checks how often the broker asked
 */

export class TransactionClient extends TimerClient {
  /** @param {string} address @param {Map<string, LocalTransaction>} ledger by body of the message */
  constructor(address, ledger) {
    super(address);
    this.ledger = ledger;
    const { decodeRequest } = codec(CheckTransactionState);
    this.client.handle(CheckTransactionState.code, (frame) => {
      const { header, body } = decodeRequest(frame.ext(), frame.body);
      const half = decodeRecord(Buffer.from(body), 0);
      const text = half.bodyBytes.toString('utf8', half.bodyStart, half.bodyEnd);
      // A broker that dies meanwhile asks again.
      void this.answer(text, header).catch(() => undefined);
    });
  }

  /** Makes this client the one that is asked. */
  async connect() {
    const body = {
      clientID: `transactions-${process.pid}`,
      consumerDataSet: [],
      producerDataSet: [{ groupName: GROUP }],
      heartbeatFingerprint: 0,
      withoutSub: false,
    };
    await this.client.exchange(this.address, HeartBeat, { header: {}, body }, CALL);
  }

  /**
   * Sends a half message and, where it decides at once, the decision.
   *
   * @throws when one of both was not acknowledged
   */
  async run(topic, number, text, { decision, decidesAtOnce, unknownChecks = 0 }) {
    const local = {
      decision,
      decidesAtOnce,
      unknownChecks,
      stored: false,
      ended: false,
      checks: 0,
    };
    this.ledger.set(text, local);
    const properties = { TRAN_MSG: 'true', PGROUP: GROUP, UNIQ_KEY: `key-${text}` };
    const header = { producerGroup: GROUP, sysFlag: TRANSACTION_PREPARED };
    const answer = await this.send(topic, number, properties, Buffer.from(text), header);
    local.stored = true;
    if (!decidesAtOnce) return;
    const { msgId, queueOffset } = answer.header;
    const commitLogOffset = Number.parseInt(msgId.slice(-16), 16);
    await this.end(local, { queueOffset, commitLogOffset, msgId }, false);
  }

  async answer(text, header) {
    const local = this.ledger.get(text);
    if (!local) return;
    local.checks++;
    if (local.unknownChecks-- > 0) return;
    await this.end(local, header, true);
  }

  async end(local, { queueOffset, commitLogOffset, msgId }, fromTransactionCheck) {
    const header = {
      producerGroup: GROUP,
      queueOffset,
      commitLogOffset,
      commitOrRollback: local.decision === 'commit' ? TRANSACTION_COMMIT : TRANSACTION_ROLLBACK,
      fromTransactionCheck,
      msgId: msgId ?? '',
      transactionId: msgId ?? '',
    };
    const message = { header, body: null };
    const answer = await this.client.exchange(this.address, EndTransaction, message, CALL);
    if (answer.code === 0) local.ended = true;
  }
}

/** What the transaction of a number does: at once or when it is asked, also after a check that it cannot answer. */
export const planOf = (number) => ({
  decision: number % 3 === 2 ? 'rollback' : 'commit',
  decidesAtOnce: number % 4 !== 3,
  unknownChecks: number % 16 === 15 ? 1 : 0,
});

/** Compares what the producer decided with what was delivered. @param {string[]} delivered bodies */
export function judgeTransactions(ledger, delivered) {
  const counts = new Map();
  for (const text of delivered) counts.set(text, (counts.get(text) ?? 0) + 1);
  const of = (test) => [...ledger].filter(([text, local]) => test(local, counts.get(text) ?? 0));
  return {
    halves: of(({ stored }) => stored).length,
    commitsAcknowledged: of(({ decision, ended }) => decision === 'commit' && ended).length,
    rollbacksAcknowledged: of(({ decision, ended }) => decision === 'rollback' && ended).length,
    checks: [...ledger.values()].reduce((sum, { checks }) => sum + checks, 0),
    delivered: delivered.length,
    repeated: delivered.length - counts.size,
    // Every half message that was acknowledged is brought to an end, also where its decision was swallowed by a kill.
    lost: of(({ stored, decision }, count) => stored && decision === 'commit' && count === 0)
      .length,
    rolledBackDelivered: of(({ decision }, count) => decision === 'rollback' && count > 0).length,
    // One that was to be asked. The answer to a decision that came at once may be all that was lost.
    neverAsked: of(({ stored, decidesAtOnce, checks }) => stored && !decidesAtOnce && checks === 0)
      .length,
    unknown: [...counts.keys()].filter((text) => !ledger.has(text)).length,
  };
}

/** Whether a judgement holds; repeats may come from a kill. */
export const holds = (result) =>
  result.lost + result.rolledBackDelivered + result.neverAsked + result.unknown === 0;
