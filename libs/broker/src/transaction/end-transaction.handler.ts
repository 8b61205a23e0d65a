import type { Clock, Logger } from '@rocketmq-ts/kernel';
import { describeError } from '@rocketmq-ts/kernel';
import {
  decodeRecord,
  EndTransactionScanner,
  MessageSysFlag,
  PropertyName,
  ResponseCode,
} from '@rocketmq-ts/protocol';
import type { MessageRecord, RemotingFrame, SerializeType } from '@rocketmq-ts/protocol';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { StoreQueue } from '@rocketmq-ts/storage';
import type { Refusal } from '../send/send-decision.js';
import type { MessageLookup, MessageSource, NewestRecords } from '../store-access.js';
import { decisionTooLate } from './check-policy.js';
import { isCommitted } from './commit-evidence.js';
import { useOne } from './half-reader.js';
import { HalfView } from './half-view.js';
import type { RecentHalves } from './recent-halves.js';
import type { TransactionDecisions } from './transaction-decisions.js';
import type { TransactionTable } from './transaction-table.js';

/** A decision on its way; what its answer needs, and what tells which half message it is about. */
interface PendingDecision {
  readonly connection: ServerConnection;
  readonly opaque: number;
  readonly serializeType: SerializeType;
  readonly isOneWay: boolean;
  readonly inFlightBytes: number;
  readonly group: string;
  readonly queueOffset: number;
  readonly commitLogOffset: number;
  /** It answers a question of the broker. */
  readonly fromCheck: boolean;
  readonly kind: 'commit' | 'rollback';
}

/** What the handler works with. */
export interface EndTransactionParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: MessageSource & NewestRecords & Pick<MessageLookup, 'query'>;
  readonly recent: RecentHalves;
  readonly halfQueue: StoreQueue;
  readonly table: TransactionTable;
  readonly decisions: TransactionDecisions;
  readonly timeoutMs: () => number;
  /** End of the log when this process began: what lies before may have been decided by another. */
  readonly startLogOffset: number;
}

/**
 * Takes the decisions of producers: END_TRANSACTION, on the raw frame path, since there is one for each message. Nearly
 * all of them are one-way: what is wrong with one is then logged at the level of details alone.
 *
 * Source: rocketmq 5.5.0 `EndTransactionProcessor`.
 */
export class EndTransactionHandler {
  private readonly scanner = new EndTransactionScanner();
  private readonly view = new HalfView();

  constructor(private readonly parts: EndTransactionParts) {}

  /** The `FrameHandler` of the command. */
  readonly handle = (frame: RemotingFrame, connection: ServerConnection): void => {
    const header = this.scanner.scan(frame);
    const kind = kindOf(header.commitOrRollback);
    if (kind === undefined) {
      // Apache leaves even who waits for it without an answer.
      if (!frame.isOneWay) connection.answer(frame, ResponseCode.SUCCESS, UNDECIDED);
      return;
    }
    const inFlightBytes = frame.sizeBytes;
    connection.begin(inFlightBytes);
    const pending: PendingDecision = {
      connection,
      opaque: frame.opaque,
      serializeType: frame.serializeType,
      isOneWay: frame.isOneWay,
      inFlightBytes,
      group: header.producerGroup,
      queueOffset: header.queueOffset,
      commitLogOffset: header.commitLogOffset,
      fromCheck: header.fromTransactionCheck,
      kind,
    };
    try {
      if (!this.takeRecent(pending)) this.start(pending);
    } catch (error) {
      this.finish(pending, { code: ResponseCode.SYSTEM_ERROR, remark: describeError(error) });
    }
  };

  /** The commit of a half message that came a moment ago, without a look for its record. @returns whether it was one */
  private takeRecent(pending: PendingDecision): boolean {
    const { recent, store } = this.parts;
    const half = recent.take(pending.queueOffset, pending.commitLogOffset);
    if (half === undefined || pending.kind !== 'commit' || pending.fromCheck) return false;
    const taken = store.useNewest(half.commitLogOffset, half.sizeBytes, (bytes) => {
      return this.view.loadRecent(bytes, half) && this.commitViewed(pending);
    });
    return taken ?? false;
  }

  private start(pending: PendingDecision): void {
    const { store, halfQueue } = this.parts;
    useOne(store, halfQueue, pending.queueOffset, (bytes) => {
      try {
        if (bytes === undefined) this.take(pending, undefined);
        else if (!this.takePlain(pending, bytes)) this.take(pending, this.decoded(pending, bytes));
      } catch (error) {
        this.finish(pending, { code: ResponseCode.SYSTEM_ERROR, remark: describeError(error) });
      }
    });
  }

  private decoded(pending: PendingDecision, bytes: Buffer): MessageRecord | undefined {
    const half = decodeRecord(bytes, 0);
    return half.queueOffset === pending.queueOffset ? half : undefined;
  }

  /** The usual commit: at once, of a half message of this process that asks for nothing. @returns whether it was one */
  private takePlain(pending: PendingDecision, bytes: Buffer): boolean {
    const { startLogOffset } = this.parts;
    if (pending.kind !== 'commit' || pending.fromCheck) return false;
    if (pending.commitLogOffset < startLogOffset || !this.view.load(bytes)) return false;
    return this.commitViewed(pending);
  }

  /** @returns false where the view shows another half message than is meant */
  private commitViewed(pending: PendingDecision): boolean {
    const { view } = this;
    const { decisions, table } = this.parts;
    const isMeant =
      view.queueOffset === pending.queueOffset &&
      view.commitLogOffset === pending.commitLogOffset &&
      view.group === pending.group;
    if (!isMeant) return false;
    const busy = decisions.commitPlain(view, (outcome) => this.finish(pending, outcome));
    if (busy !== undefined) table.whenFree(busy, () => this.start(pending));
    return true;
  }

  private take(pending: PendingDecision, half: MessageRecord | undefined): void {
    const { clock, timeoutMs, startLogOffset } = this.parts;
    const wrong = mismatch(half, pending);
    if (half === undefined || wrong !== undefined) {
      this.finish(pending, { code: ResponseCode.SYSTEM_ERROR, remark: wrong ?? NOT_FOUND });
      return;
    }
    if (!pending.fromCheck && decisionTooLate(half, timeoutMs(), clock.nowMs())) {
      const remark = 'The time in which the producer decides by itself is over; it will be asked';
      this.finish(pending, { code: ResponseCode.ILLEGAL_OPERATION, remark });
      return;
    }
    if (pending.fromCheck || half.commitLogOffset < startLogOffset) {
      void this.decideAfterLookup(pending, ownCopy(half));
      return;
    }
    this.decide(pending, half);
  }

  private decide(pending: PendingDecision, half: MessageRecord): void {
    const { decisions, table } = this.parts;
    const busy = decisions.decide(half, pending.kind, (outcome) => this.finish(pending, outcome));
    if (busy !== undefined) table.whenFree(busy, () => this.start(pending));
  }

  /** As `decide`, unless the message is in its topic already. */
  private async decideAfterLookup(pending: PendingDecision, half: MessageRecord): Promise<void> {
    const { clock, store, decisions } = this.parts;
    try {
      if (await isCommitted(store, half, clock.nowMs())) {
        decisions.settleCommitted(half);
        const refused = { code: ResponseCode.ILLEGAL_OPERATION, remark: 'It is committed already' };
        this.finish(pending, pending.kind === 'commit' ? undefined : refused);
        return;
      }
      this.decide(pending, half);
    } catch (error) {
      this.finish(pending, { code: ResponseCode.SYSTEM_ERROR, remark: describeError(error) });
    }
  }

  private finish(pending: PendingDecision, outcome: Refusal | undefined): void {
    const { connection, group, kind, queueOffset, commitLogOffset } = pending;
    if (outcome) {
      this.parts.logger.debug('a decision was not taken', {
        decision: kind,
        group,
        queueOffset,
        commitLogOffset,
        reason: outcome.remark,
      });
    }
    if (!pending.isOneWay && !connection.closed) {
      connection.answer(pending, outcome?.code ?? ResponseCode.SUCCESS, outcome?.remark);
    }
    connection.end(pending.inFlightBytes);
  }
}

const UNDECIDED = 'nothing is decided: the producer will be asked';
const NOT_FOUND = 'Find prepared transaction message failed';

const kindOf = (commitOrRollback: number): 'commit' | 'rollback' | undefined => {
  if (commitOrRollback === MessageSysFlag.TRANSACTION_COMMIT) return 'commit';
  return commitOrRollback === MessageSysFlag.TRANSACTION_ROLLBACK ? 'rollback' : undefined;
};

/** Why a decision is not about this half message, in Apache's words. Source: `EndTransactionProcessor#checkPrepareMessage`. */
function mismatch(
  half: MessageRecord | undefined,
  { group, commitLogOffset }: PendingDecision,
): string | undefined {
  if (half === undefined) return NOT_FOUND;
  if (half.properties.get(PropertyName.PRODUCER_GROUP) !== group) {
    return 'The producer group wrong';
  }
  return half.commitLogOffset === commitLogOffset ? undefined : 'The commit log offset wrong';
}

/** A record whose bytes stay. */
function ownCopy(record: MessageRecord): MessageRecord {
  const start = record.propertiesEnd - record.sizeBytes;
  return decodeRecord(Buffer.from(record.bodyBytes.subarray(start, record.propertiesEnd)), 0);
}
