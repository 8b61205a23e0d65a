import { invariant } from '@rocketmq-ts/kernel';
import type { RemotingStats } from './remoting-stats.js';

/** Why a connection's requests are not being read. Several can hold at once. */
export const PauseReason = {
  /** The peer does not read its answers. */
  UNSENT: 1,
  /** Too many of its requests are being worked on. */
  IN_FLIGHT: 2,
  /** All connections together have too many bytes in work. */
  BUDGET: 4,
  /** It has sent more than it may for now. */
  RATE: 8,
} as const;
export type PauseReason = (typeof PauseReason)[keyof typeof PauseReason];

/** What can be slowed down. */
export interface Pausable {
  pauseReading(reason: PauseReason): void;
  resumeReading(reason: PauseReason): void;
}

/**
 * Bytes of requests that are being worked on, all connections of one side together. A connection that brings more while
 * the budget is used up is paused until half of it is free again; requests that were read are always worked on.
 *
 * I1  `inFlightBytesNow` and `inFlightNow` never fall below zero: each `add` has one `remove`.
 */
export class InFlightBudget {
  private readonly waiting = new Set<Pausable>();

  constructor(
    private readonly bytesMax: number,
    private readonly stats: RemotingStats,
  ) {}

  add(byteCount: number, from: Pausable): void {
    const { stats } = this;
    stats.inFlightNow++;
    stats.inFlightBytesNow += byteCount;
    if (stats.inFlightBytesNow <= this.bytesMax || this.waiting.has(from)) return;
    this.waiting.add(from);
    from.pauseReading(PauseReason.BUDGET);
  }

  remove(byteCount: number): void {
    const { stats } = this;
    stats.inFlightNow--;
    stats.inFlightBytesNow -= byteCount;
    invariant(stats.inFlightNow >= 0 && stats.inFlightBytesNow >= 0, 'I1: end() follows begin()');
    if (this.waiting.size === 0 || stats.inFlightBytesNow > this.bytesMax / 2) return;
    const resumed = [...this.waiting];
    this.waiting.clear();
    for (const connection of resumed) connection.resumeReading(PauseReason.BUDGET);
  }

  /** The connection is gone: it waits no more. */
  forget(connection: Pausable): void {
    this.waiting.delete(connection);
  }
}
