import { describeError, type Logger } from '@rocketmq-ts/kernel';
import type { WriteRefusal } from './message-store.types.js';

/** Whether a failed write may be tried again: nothing was taken, and room may come back. */
export function isOutOfSpace(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** Who may find the disk full: a write into the log, or the making of its next file. */
export type SpaceUser = 'write' | 'file';

/**
 * Whether the store takes messages, and why not.
 *
 * Invariants:
 *  I1  a failure is for good: after it nothing is ever acknowledged (P17);
 *  I2  a full disk heals by itself (P16).
 */
export class StoreHealth {
  private closing: WriteRefusal | undefined;
  private failure: WriteRefusal | undefined;
  private retirement: WriteRefusal | undefined;
  private diskFull: WriteRefusal | undefined;
  private readonly outOfSpace = new Map<SpaceUser, WriteRefusal>();
  private readonly failureListeners: ((refusal: WriteRefusal) => void)[] = [];

  constructor(private readonly logger: Logger) {}

  /** The reason for refusing everything, or undefined. Back-pressure is not known here. */
  get refusal(): WriteRefusal | undefined {
    return this.failure ?? this.closing ?? this.retirement ?? this.diskFull ?? this.spaceRefusal;
  }

  /** The refusal that ends everything that waits, or undefined. */
  get fatal(): WriteRefusal | undefined {
    return this.failure;
  }

  /** Runs once, when the store turns read-only. */
  onFailure(listener: (refusal: WriteRefusal) => void): void {
    this.failureListeners.push(listener);
  }

  /** An operation on the log failed: read-only until the process is restarted (I1). */
  fail(operation: string, error: unknown): void {
    if (this.failure) return;
    const message = `store is read-only since ${operation} failed: ${describeError(error)}`;
    this.logger.error('store turned read-only', { operation, error: describeError(error) });
    this.failure = { reason: 'READ_ONLY', message };
    for (const listener of this.failureListeners) listener(this.failure);
  }

  /** No more messages, for good: somebody else takes them now. What was taken is still brought to its end. */
  retire(message: string): void {
    this.retirement ??= { reason: 'READ_ONLY', message };
  }

  /** No more messages: the store shuts down. What it has taken is still brought to its end. */
  beginClose(): void {
    this.closing = { reason: 'CLOSED', message: 'the store is closed' };
  }

  get isClosing(): boolean {
    return this.closing !== undefined;
  }

  /** The watermarks say full, or (undefined) not full any more. */
  setDiskFull(refusal: WriteRefusal | undefined): void {
    if ((refusal === undefined) !== (this.diskFull === undefined)) this.report(refusal);
    this.diskFull = refusal;
  }

  /** The system itself had no room for a write or a new file. */
  setOutOfSpace(user: SpaceUser, refusal: WriteRefusal): void {
    if (this.outOfSpace.size === 0) this.report(refusal);
    this.outOfSpace.set(user, refusal);
  }

  /** What found no room went through after all. Cheap when nothing was wrong. */
  clearOutOfSpace(user: SpaceUser): void {
    if (this.outOfSpace.size === 0) return;
    if (this.outOfSpace.delete(user) && this.outOfSpace.size === 0) this.report(undefined);
  }

  private get spaceRefusal(): WriteRefusal | undefined {
    if (this.outOfSpace.size === 0) return undefined;
    return this.outOfSpace.get('write') ?? this.outOfSpace.get('file');
  }

  private report(refusal: WriteRefusal | undefined): void {
    if (this.closing) return;
    if (refusal) this.logger.error('disk is full, messages are refused', { why: refusal.message });
    else this.logger.info('disk has room again, messages are taken');
  }
}
