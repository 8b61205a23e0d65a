import type { RawBytes } from '../../src/replication/raw-log.js';
import { SimulatedRandom } from '@rocketmq-ts/testing';
import type { MessageStoreOptions } from '../../src/message-store.types.js';
import { SimulatedStore, type MessageText } from '../simulated-store.js';

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
    return Array.from({ length: count }, (_, i) => this.anyMessage(i));
  }

  private anyMessage(number: number): MessageText {
    const { random } = this;
    const light = random.below(6) === 0;
    return {
      topic: `Topic${random.below(3)}`,
      queueId: random.below(3),
      body: Buffer.alloc(random.below(random.below(10) === 0 ? 5_000 : 300), number),
      // Half and rolled-back messages are in no queue, committed ones are.
      sysFlag: [0, 0, 0, 0x4, 0x8, 0xc][random.below(6)]!,
      properties: {
        UNIQ_KEY: `id-${number}`,
        KEYS: `key-${number % 7} other`,
        TAGS: `tag-${number % 3}`,
        ...(light ? { INNER_MULTI_DISPATCH: '%LMQ%one,%LMQ%two' } : {}),
      },
    };
  }
}

/** The content of all log files, by name. */
export async function logFiles(store: SimulatedStore): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const directory = '/store/commitlog';
  for (const { name } of await store.drive(store.disk.list(directory))) {
    files.set(name, (await store.drive(store.disk.readFile(`${directory}/${name}`)))!);
  }
  return files;
}

/** What can be read from all queues. */
export async function allQueues(
  store: SimulatedStore,
): Promise<Record<string, [number, string][]>> {
  const found: Record<string, [number, string][]> = {};
  for (const topic of store.store.topics().sort()) {
    for (const { queueId } of store.store.queuesOf(topic)) {
      found[`${topic}/${queueId}`] = [...(await store.readAll(topic, queueId))];
    }
  }
  return found;
}
