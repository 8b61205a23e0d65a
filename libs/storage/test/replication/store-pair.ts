import type { RawBytes } from '../../src/replication/raw-log.js';
import { SimulatedRandom } from '@rocketmq-ts/testing';
import type { MessageStoreOptions } from '../../src/message-store.types.js';
import { anyMessage, SimulatedStore, type MessageText } from '@rocketmq-ts/testing/store';

/** A store and another one that takes its bytes; between them the test. */
export class StorePair {
  readonly master: SimulatedStore;
  readonly replica: SimulatedStore;
  readonly random: SimulatedRandom;
  private rest: Buffer = Buffer.alloc(0);

  constructor(seed: number, options: Partial<MessageStoreOptions> = {}) {
    this.random = new SimulatedRandom(seed);
    this.master = new SimulatedStore(seed * 2 + 1, options);
    this.replica = new SimulatedStore(seed * 2 + 2, options);
  }

  async open(): Promise<void> {
    await this.master.open();
    await this.replica.open();
  }

  /** The master's bytes from `offset` on. */
  read(offset: number, maxBytes: number): Promise<RawBytes | undefined> {
    return this.master.drive(
      new Promise((resolve, reject) => {
        this.master.store.rawLog.read(offset, maxBytes, (found, error) =>
          error ? reject(error) : resolve(found),
        );
      }),
    );
  }

  /** What came and was not taken is forgotten, as when a connection ends. */
  disconnect(): void {
    this.rest = Buffer.alloc(0);
  }

  /** Gives the replica all that the master has, or `steps` pieces of random size. */
  async copy(steps = Infinity): Promise<void> {
    const { replicaLog } = this.replica.store;
    const { rawLog } = this.master.store;
    for (let step = 0; step < steps; step++) {
      const offset = replicaLog.endOffset + this.rest.length;
      if (offset >= rawLog.writtenOffset) break;
      const found = await this.read(offset, 1 + this.random.below(3_000));
      if (!found) throw new Error(`the master has nothing at ${offset}`);
      const bytes = Buffer.concat([this.rest, found.bytes]);
      found.release();
      const taken = replicaLog.take(bytes);
      this.rest = Buffer.from(bytes.subarray(taken));
      if (this.random.below(4) === 0) await this.replica.settle(1);
    }
    await this.replica.settle(20);
  }

  /** Messages of all kinds. */
  anyMessages(count: number): MessageText[] {
    return Array.from({ length: count }, (_, i) => anyMessage(this.random, i));
  }
}
