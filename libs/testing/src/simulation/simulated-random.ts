import type { Random } from '@rocketmq-ts/kernel';

/** Numbers that follow from a seed: the same seed gives the same run. */
export class SimulatedRandom implements Random {
  private state: number;

  constructor(readonly seed: number) {
    this.state = seed >>> 0 || 0x9e37_79b9;
    for (let i = 0; i < 4; i++) this.uint32();
  }

  uint32(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return this.state >>> 0;
  }

  /** Uniform in 0 … `limit` − 1. */
  below(limit: number): number {
    return this.uint32() % limit;
  }

  /** True in `share` of all calls, 0…1. */
  chance(share: number): boolean {
    return this.uint32() < share * 0x1_0000_0000;
  }
}
