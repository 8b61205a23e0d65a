import type { MessageRecord } from '@rocketmq-ts/protocol';
import type { StoreQueue } from '@rocketmq-ts/storage';
import type { MessageSource } from '../store-access.js';
import { readStretch } from './half-reader.js';
import { OP_TAG, offsetsInOpBody } from './op-body.js';
import { OpProgress } from './op-progress.js';
import { ResolvedHalves } from './resolved-halves.js';
import { TransactionTable } from './transaction-table.js';

const STRETCH_COUNT_MAX = 256;

/** What is known at the start. */
export interface LoadedTransactions {
  readonly table: TransactionTable;
  readonly progress: OpProgress;
  /** Half messages below the progress that op messages name. */
  readonly decidedBefore: ReadonlySet<number>;
}

const within = (queueOffset: number | undefined, { minOffset, maxOffset }: StoreQueue): number =>
  Math.min(Math.max(queueOffset ?? minOffset, minOffset), maxOffset);

/**
 * Reads the op messages that are still needed. The half messages themselves are read when they are due.
 * @param saved progress of the two queues, undefined where there is none; pulled into the queues where it lies outside
 */
export async function loadTransactions(
  store: Pick<MessageSource, 'read'>,
  queues: { readonly half: StoreQueue; readonly op: StoreQueue },
  saved: { readonly half: number | undefined; readonly op: number | undefined },
): Promise<LoadedTransactions> {
  const base = within(saved.half, queues.half);
  const firstOp = within(saved.op, queues.op);
  const resolved = new ResolvedHalves(base);
  const progress = new OpProgress(firstOp);
  const decidedBefore = new Set<number>();
  for (let at = firstOp; at < queues.op.maxOffset;) {
    const stretch = await readStretch(store, queues.op, at, STRETCH_COUNT_MAX);
    for (const op of stretch.records) {
      let highest = -1;
      for (const half of halvesOf(op)) {
        if (half >= base) resolved.add(half);
        else decidedBefore.add(half);
        if (half > highest) highest = half;
      }
      progress.note(op.queueOffset, highest);
    }
    const last = stretch.records[stretch.records.length - 1];
    at = Math.max(last ? last.queueOffset + 1 : stretch.nextQueueOffset, at + 1);
  }
  return { table: new TransactionTable(resolved), progress, decidedBefore };
}

const halvesOf = (op: MessageRecord): number[] =>
  op.properties.get('TAGS') === OP_TAG
    ? offsetsInOpBody(op.bodyBytes.toString('latin1', op.bodyStart, op.bodyEnd))
    : [];
