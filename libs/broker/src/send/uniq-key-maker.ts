import type { Clock, Random } from '@rocketmq-ts/kernel';
import { formatUniqKey } from '@rocketmq-ts/protocol';

/**
 * Unique keys for messages whose producer gave them none.
 * Source: rocketmq 5.x `MessageClientIDSetter#createUniqID`.
 */
export class UniqKeyMaker {
  private readonly addressBytes: Buffer;
  private readonly processId: number;
  private readonly loaderHash: number;
  private counter = 0;
  private monthStartMs = 0;
  private nextMonthMs = 0;

  /** @param storeHostBytes address and port as records store them */
  constructor(
    private readonly clock: Clock,
    random: Random,
    storeHostBytes: Buffer,
  ) {
    this.addressBytes = storeHostBytes.subarray(0, storeHostBytes.length - 4);
    // Random instead of the process id: brokers in containers all have the same one.
    this.processId = random.uint32() & 0xffff;
    this.loaderHash = random.uint32() | 0;
  }

  next(): string {
    const nowMs = this.clock.nowMs();
    if (nowMs >= this.nextMonthMs || nowMs < this.monthStartMs) this.findMonth(nowMs);
    this.counter = (this.counter + 1) & 0xffff;
    return formatUniqKey({
      addressBytes: this.addressBytes,
      processId: this.processId,
      loaderHash: this.loaderHash,
      monthMs: nowMs - this.monthStartMs,
      counter: this.counter,
    });
  }

  private findMonth(nowMs: number): void {
    /* eslint-disable no-restricted-globals -- takes a time apart, does not read the clock */
    const now = new Date(nowMs);
    this.monthStartMs = new Date(now.getFullYear(), now.getMonth(), 1).getTime();
    this.nextMonthMs = new Date(now.getFullYear(), now.getMonth() + 1, 1).getTime();
    /* eslint-enable no-restricted-globals */
  }
}
