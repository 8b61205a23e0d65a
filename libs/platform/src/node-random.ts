import { randomFillSync } from 'node:crypto';
import type { Random } from '@rocketmq-ts/kernel';

/** Numbers fetched from the system at a time: a single draw must not cost a system call. */
const POOL_COUNT = 256;

/** Randomness of this machine. */
export class NodeRandom implements Random {
  private readonly pool = new Uint32Array(POOL_COUNT);
  private next = POOL_COUNT;

  uint32(): number {
    if (this.next === POOL_COUNT) {
      randomFillSync(this.pool);
      this.next = 0;
    }
    return this.pool[this.next++]!;
  }
}
