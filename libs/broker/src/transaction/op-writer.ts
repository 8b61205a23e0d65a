import { describeError } from '@rocketmq-ts/kernel';
import type { Clock, ClockTask, Logger } from '@rocketmq-ts/kernel';
import type { StoreOutcome, StoreQueue } from '@rocketmq-ts/storage';
import type { MessageSink } from '../store-access.js';
import { opBody } from './op-body.js';
import { OpEntry } from './op-entry.js';
import type { OpProgress } from './op-progress.js';

/** Pause after the store refused an op message. */
const REFUSED_PAUSE_MS = 1_000;

/** What `OpWriter` works with. */
export interface OpWriterParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: Pick<MessageSink, 'append'>;
  readonly queue: StoreQueue;
  readonly storeHostBytes: Buffer;
  readonly progress: OpProgress;
  readonly settings: { readonly batchBytesMax: number; readonly batchIntervalMs: number };
}

/**
 * Notes in the op queue which half messages are done with, many in one message.
 *
 * A commit may wait: should the process die before its note is written, the committed message itself tells. A rollback
 * leaves nothing else behind, so it is written at the end of the turn of the event loop.
 *
 * Source: rocketmq 5.5.0 `TransactionalOpBatchService`, `TransactionalMessageServiceImpl#batchSendOpMessage`.
 */
export class OpWriter {
  private noted: number[] = [];
  private notedBytes = 0;
  private listeners: (() => void)[] = [];
  private timer: ClockTask | undefined;
  private atTickEnd = false;
  private unfinished = 0;
  private onIdle: (() => void) | undefined;

  constructor(private readonly parts: OpWriterParts) {}

  /** Half messages whose notes are not stored yet. */
  get pendingCount(): number {
    return this.noted.length;
  }

  /** Notes that a half message is done with; the note may wait for others. */
  note(queueOffset: number): void {
    this.noted.push(queueOffset);
    this.notedBytes += digitsOf(queueOffset) + 1;
    if (this.notedBytes >= this.parts.settings.batchBytesMax) this.write();
    else this.writeLater(this.parts.settings.batchIntervalMs);
  }

  /** As `note`, without a wait. @param stored is called when the note is as durable as the flush mode promises */
  noteNow(queueOffset: number, stored?: () => void): void {
    this.noted.push(queueOffset);
    this.notedBytes += digitsOf(queueOffset) + 1;
    if (stored) this.listeners.push(stored);
    if (this.atTickEnd) return;
    this.atTickEnd = true;
    this.parts.clock.afterTick(() => {
      this.atTickEnd = false;
      this.write();
    });
  }

  /** Writes what is noted; resolves when nothing is under way any more. */
  async flush(): Promise<void> {
    this.write();
    if (this.unfinished === 0) return;
    await new Promise<void>((resolve) => {
      this.onIdle = resolve;
    });
  }

  private write(): void {
    this.timer?.cancel();
    this.timer = undefined;
    const { noted, listeners } = this;
    if (noted.length === 0) return;
    this.noted = [];
    this.notedBytes = 0;
    this.listeners = [];
    for (let from = 0; from < noted.length;) {
      const { text, next } = opBody(noted, from, this.parts.settings.batchBytesMax);
      // The listeners hear of the last piece: it is stored after the others.
      this.append(text, noted.slice(from, next), next === noted.length ? listeners : []);
      from = next;
    }
  }

  private append(body: string, halves: readonly number[], listeners: (() => void)[]): void {
    const { clock, logger, store, queue, storeHostBytes } = this.parts;
    const surroundings = { nowMs: clock.nowMs(), storeHostBytes };
    const entry = new OpEntry(queue, body, surroundings, (stored, outcome) =>
      this.finish(stored, outcome, halves, listeners),
    );
    this.unfinished++;
    try {
      store.append(entry);
    } catch (error) {
      logger.error('an op message was not taken', { reason: describeError(error) });
      this.takeBack(halves, listeners);
      this.end();
    }
  }

  private finish(
    entry: OpEntry,
    outcome: StoreOutcome,
    halves: readonly number[],
    listeners: (() => void)[],
  ): void {
    if (outcome.kind === 'REFUSED') {
      this.takeBack(halves, listeners);
    } else {
      let highest = 0;
      for (const half of halves) if (half > highest) highest = half;
      this.parts.progress.note(entry.queueOffset, highest);
      for (const listener of listeners) listener();
    }
    this.end();
  }

  /** What the store refused is tried again: the decisions stand. */
  private takeBack(halves: readonly number[], listeners: (() => void)[]): void {
    this.noted.push(...halves);
    this.listeners.push(...listeners);
    this.writeLater(REFUSED_PAUSE_MS);
  }

  private end(): void {
    if (--this.unfinished > 0) return;
    const { onIdle } = this;
    this.onIdle = undefined;
    onIdle?.();
  }

  private writeLater(delayMs: number): void {
    this.timer ??= this.parts.clock.setTimer(delayMs, () => {
      this.timer = undefined;
      this.write();
    });
  }
}

/** Length of a queue offset in an op message's body, without a text of it: there is one for each decision. */
function digitsOf(queueOffset: number): number {
  let digits = 1;
  for (let bound = 10; bound <= queueOffset; bound *= 10) digits++;
  return digits;
}
