import type { Clock } from '@rocketmq-ts/kernel';

/** A connection that has something to send. */
export interface Flushable {
  flush(): void;
}

/**
 * Connections that were written to in this turn of the event loop; each is flushed once, at its end. That is what makes
 * the answers of many requests leave in one system call.
 */
export class FlushQueue {
  private dirty: Flushable[] = [];
  private spare: Flushable[] = [];
  private readonly run = (): void => this.flushAll();

  constructor(private readonly clock: Clock) {}

  /** The caller adds itself once per turn. */
  add(connection: Flushable): void {
    if (this.dirty.length === 0) this.clock.afterTick(this.run);
    this.dirty.push(connection);
  }

  private flushAll(): void {
    const { dirty } = this;
    this.dirty = this.spare;
    for (let i = 0; i < dirty.length; i++) dirty[i]!.flush();
    dirty.length = 0;
    this.spare = dirty;
  }
}
