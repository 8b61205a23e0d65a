import { decodeRecords, type MessageRecord } from '@rocketmq-ts/protocol';
import {
  AppendEntry,
  MessageStore,
  type MessageStoreOptions,
  type ReadRequest,
  type ReadStatus,
  type StoreOutcome,
  type StoreQueue,
} from '@rocketmq-ts/storage';
import { RecordingLogger } from '../recording-logger.js';
import { SimulatedClock } from '../simulation/simulated-clock.js';
import { SimulatedDisk } from '../simulation/simulated-disk.js';
import { SimulatedRandom } from '../simulation/simulated-random.js';
import { MortalClock } from './mortal-clock.js';
import { MortalDisk } from './mortal-disk.js';

export const STORE_HOST = Buffer.from([10, 0, 0, 1, 0, 0, 0x2a, 0x9f]);
const BORN_HOST = Buffer.from([10, 0, 0, 9, 0, 0, 0x30, 0x39]);

/** Small files, so that a test crosses their ends after some dozens of messages. */
export const SMALL: Omit<MessageStoreOptions, 'rootPath'> = {
  storeHostBytes: STORE_HOST,
  segmentSizeBytes: 16 * 1024,
  consumeQueueFileUnitCount: 40,
  slabBytes: 4096,
  tailCacheBytes: 8192,
  readCacheBytes: 64 * 1024,
  indexEnabled: false,
  zeroAheadBytes: 0,
  bootId: 'boot-1',
};

/** A message on its way, and what became of it. */
export class Sent extends AppendEntry {
  /** Its property UNIQ_KEY. */
  uniqKey: string | undefined = undefined;
  outcome: StoreOutcome | undefined;
  outcomes = 0;

  get acked(): boolean {
    return this.outcome?.kind === 'OK';
  }

  override onStored(outcome: StoreOutcome): void {
    this.outcome = outcome;
    this.outcomes++;
  }
}

export interface MessageText {
  readonly topic?: string;
  readonly queueId?: number;
  readonly body?: string | Buffer;
  readonly properties?: Record<string, string>;
  readonly tagsCode?: number;
  readonly sysFlag?: number;
  readonly waitForStore?: boolean;
}

/** What a read gave, decoded. */
export interface Given {
  readonly status: ReadStatus;
  readonly nextQueueOffset: number;
  readonly minQueueOffset: number;
  readonly maxQueueOffset: number;
  readonly messages: readonly MessageRecord[];
  readonly bodies: readonly string[];
  readonly pieceCount: number;
  readonly fromDisk: boolean;
}

/** A store on a simulated disk, with time in the test's hands. */
export class SimulatedStore {
  static readonly defaults = SMALL;
  readonly clock: SimulatedClock;
  readonly random: SimulatedRandom;
  disk: SimulatedDisk;
  readonly logger = new RecordingLogger();
  store!: MessageStore;
  private processDisk: MortalDisk | undefined;
  private processClock: MortalClock | undefined;

  /** Stores that share a clock are machines of one world; each dies alone. */
  constructor(
    seed = 1,
    readonly options: Partial<MessageStoreOptions> = {},
    clock = new SimulatedClock(),
  ) {
    this.clock = clock;
    this.random = new SimulatedRandom(seed);
    this.disk = new SimulatedDisk(this.clock, new SimulatedRandom(seed + 1));
  }

  /** Opens the store, or opens it again. */
  async open(more: Partial<MessageStoreOptions> = {}): Promise<MessageStore> {
    const options = { ...SMALL, rootPath: '/store', ...this.options, ...more };
    this.store = await this.drive(MessageStore.open(this.seams(), options));
    return this.store;
  }

  /** What a new process sees of the world. */
  seams(): { disk: MortalDisk; clock: MortalClock; logger: RecordingLogger } {
    this.processDisk = new MortalDisk(this.disk);
    this.processClock = new MortalClock(this.clock);
    return { disk: this.processDisk, clock: this.processClock, logger: this.logger };
  }

  async close(): Promise<void> {
    await this.drive(this.store.close());
  }

  /** The process dies; what it handed to the system stays. */
  kill(): void {
    this.processDisk?.die();
    this.processClock?.die();
    this.disk.kill();
  }

  losePower(): void {
    this.processDisk?.die();
    this.processClock?.die();
    this.disk.losePower();
  }

  /** Moves time on until the promise settles. */
  async drive<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const watched = promise.finally(() => (settled = true));
    watched.catch(() => undefined);
    for (let turn = 0; turn < 100_000; turn++) {
      await this.clock.advance(0.05);
      if (settled) return watched;
    }
    throw new Error('did not settle within 5 s of simulated time');
  }

  /** Lets everything that needs no more than this time happen. */
  settle(ms = 5): Promise<void> {
    return this.clock.advance(ms);
  }

  entry(text: MessageText = {}): Sent {
    const { topic = 'TopicA', queueId = 0, body = 'hello', properties = {} } = text;
    const sent = new Sent();
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const propertiesText = Object.entries(properties)
      .map(([name, value]) => `${name}\u0001${value}\u0002`)
      .join('');
    sent.queue = this.store.queue(topic, queueId);
    sent.setTopic(Buffer.from(topic));
    sent.bornTimestampMs = this.clock.nowMs();
    sent.bornHostBytes = BORN_HOST;
    sent.bodyBytes = bytes;
    sent.bodyEnd = bytes.length;
    sent.propertiesBytes = Buffer.from(propertiesText);
    sent.propertiesEnd = sent.propertiesBytes.length;
    sent.uniqKey = properties['UNIQ_KEY'];
    sent.indexUniqKey(sent.uniqKey);
    sent.keys = properties['KEYS'];
    sent.indexTags(properties['TAGS']);
    sent.multiDispatch = properties['INNER_MULTI_DISPATCH'];
    sent.tagsCode = text.tagsCode ?? 0;
    sent.sysFlag = text.sysFlag ?? 0;
    sent.waitForStore = text.waitForStore ?? true;
    return sent;
  }

  send(text: MessageText = {}): Sent {
    const sent = this.entry(text);
    this.store.append(sent);
    return sent;
  }

  /** Sends and waits for the answers. */
  async sendAll(texts: readonly MessageText[]): Promise<Sent[]> {
    const sent = texts.map((text) => this.send(text));
    await this.settle();
    return sent;
  }

  async read(
    queue: StoreQueue | undefined,
    queueOffset: number,
    more: Partial<ReadRequest> = {},
  ): Promise<Given> {
    return this.drive(
      new Promise<Given>((resolve) => {
        this.store.read(
          { queue, queueOffset, maxCount: 32, maxBytes: 1 << 20, ...more },
          (result) => {
            const messages = decodeRecords(Buffer.concat(result.pieces));
            resolve({
              status: result.status,
              nextQueueOffset: result.nextQueueOffset,
              minQueueOffset: result.minQueueOffset,
              maxQueueOffset: result.maxQueueOffset,
              messages,
              bodies: messages.map(bodyOf),
              pieceCount: result.pieces.length,
              fromDisk: result.fromDisk,
            });
            result.release();
          },
        );
      }),
    );
  }

  /** All messages of a queue, by their offsets. */
  async readAll(topic = 'TopicA', queueId = 0): Promise<Map<number, string>> {
    const found = new Map<number, string>();
    const queue = this.store.findQueue(topic, queueId);
    if (!queue) return found;
    let offset = queue.minOffset;
    while (offset < queue.maxOffset) {
      const given = await this.read(queue, offset);
      for (const message of given.messages) found.set(message.queueOffset, bodyOf(message));
      if (given.nextQueueOffset === offset) await this.settle(50);
      offset = given.nextQueueOffset;
    }
    return found;
  }
}

export function bodyOf(message: MessageRecord): string {
  return message.bodyBytes.toString('utf8', message.bodyStart, message.bodyEnd);
}

/** `count` messages that tell their number. */
export function numbered(count: number, text: MessageText = {}, from = 0): MessageText[] {
  return Array.from({ length: count }, (_, i) => ({
    ...text,
    body: `${text.body?.toString() ?? 'message'} ${from + i}`,
  }));
}
