import type { Clock, ClockTask } from '@rocketmq-ts/kernel';
import type { RemotingFrame } from '@rocketmq-ts/protocol';

/** A request of ours that waits for its answer. Exactly one of the methods is called, once. */
export interface PendingRequest {
  /** The frame is valid during the call alone. */
  onAnswer(frame: RemotingFrame): void;
  onTimeout(): void;
  onClosed(reason: string): void;
}

interface Entry {
  readonly request: PendingRequest;
  readonly deadlineMs: number;
}

const OPAQUE_MAX = 0x7fff_ffff;
const following = (opaque: number): number => (opaque === OPAQUE_MAX ? 1 : opaque + 1);
/** Deadlines closer together than this are looked at together. */
const SWEEP_APART_MS = 10;

/**
 * The requests that one side of one connection has sent: opaque → who waits. The peer's own requests never meet this
 * table, so equal numbers in the two directions mean nothing to each other.
 *
 * One timer serves all deadlines: it fires for the earliest, looks at everything once and waits for the next. A table
 * whose requests are answered costs no timer per request.
 */
export class RequestTable {
  private readonly entries = new Map<number, Entry>();
  private nextOpaque = 1;
  private timer: ClockTask | undefined;
  private timerAtMs = Infinity;

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.entries.size;
  }

  /** A number that no request under way has: for requests that nobody answers, too. */
  unusedOpaque(): number {
    let opaque = this.nextOpaque;
    while (this.entries.has(opaque)) opaque = following(opaque);
    this.nextOpaque = following(opaque);
    return opaque;
  }

  /** @returns the opaque to send. */
  add(request: PendingRequest, timeoutMs: number): number {
    const opaque = this.unusedOpaque();
    const deadlineMs = this.clock.monotonicMs() + timeoutMs;
    this.entries.set(opaque, { request, deadlineMs });
    this.armFor(deadlineMs);
    return opaque;
  }

  /** Hands an answer to whoever waits. @returns false where nobody does. */
  settle(frame: RemotingFrame): boolean {
    const entry = this.entries.get(frame.opaque);
    if (!entry) return false;
    this.entries.delete(frame.opaque);
    entry.request.onAnswer(frame);
    return true;
  }

  /** The connection is gone. */
  failAll(reason: string): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.timerAtMs = Infinity;
    const failed = [...this.entries.values()];
    this.entries.clear();
    for (const { request } of failed) request.onClosed(reason);
  }

  private armFor(deadlineMs: number): void {
    if (deadlineMs >= this.timerAtMs) return;
    this.timer?.cancel();
    this.timerAtMs = deadlineMs;
    const delayMs = Math.max(0, Math.ceil(deadlineMs - this.clock.monotonicMs()));
    this.timer = this.clock.setTimer(delayMs, () => this.sweep());
  }

  private sweep(): void {
    this.timer = undefined;
    this.timerAtMs = Infinity;
    const nowMs = this.clock.monotonicMs();
    const late: PendingRequest[] = [];
    let earliestMs = Infinity;
    for (const [opaque, { request, deadlineMs }] of this.entries) {
      if (deadlineMs <= nowMs) {
        this.entries.delete(opaque);
        late.push(request);
      } else if (deadlineMs < earliestMs) {
        earliestMs = deadlineMs;
      }
    }
    if (earliestMs < Infinity) this.armFor(Math.max(earliestMs, nowMs + SWEEP_APART_MS));
    for (const request of late) request.onTimeout();
  }
}
