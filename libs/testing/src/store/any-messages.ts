import type { SimulatedRandom } from '../simulation/simulated-random.js';
import type { MessageText, SimulatedStore } from './simulated-store.js';

/** A message of any kind that a log can hold. */
export function anyMessage(random: SimulatedRandom, number: number): MessageText {
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
