import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LightQueueLimitError } from '../src/store-errors.js';
import { type MessageText, SimulatedStore } from '@rocketmq-ts/testing/store';

const ON = { lightQueues: { enabled: true, countMax: 100 } };
const light = (names: string, body = 'hello', more: Record<string, string> = {}): MessageText => ({
  body,
  properties: { ...more, INNER_MULTI_DISPATCH: names },
});

let world: SimulatedStore;

beforeEach(async () => {
  world = new SimulatedStore(5, ON);
  await world.open();
});
afterEach(async () => {
  expect(await world.drive(world.store.verify())).toEqual([]);
  await world.close();
});

/** Bodies in a light queue from `offset` on. */
async function bodies(name: string, offset = 0): Promise<string[]> {
  const found: string[] = [];
  const queue = world.store.findQueue(name, 0);
  for (let next = offset; queue && next < queue.maxOffset;) {
    const given = await world.read(queue, next);
    found.push(...given.bodies);
    if (given.nextQueueOffset === next) await world.settle(50);
    next = given.nextQueueOffset;
  }
  return found;
}

describe('a message that names light queues', () => {
  it('stands in its own queue and in each of them, with its offsets as a property', async () => {
    await world.sendAll([light('%LMQ%a,%LMQ%b', 'one'), light('%LMQ%b', 'two')]);
    expect(await bodies('%LMQ%a')).toEqual(['one']);
    expect(await bodies('%LMQ%b')).toEqual(['one', 'two']);
    const { messages } = await world.read(world.store.findQueue('TopicA', 0), 0);
    expect(messages.map(({ properties }) => properties.get('INNER_MULTI_QUEUE_OFFSET'))).toEqual([
      '0,0',
      '1',
    ]);
    expect(messages.map(({ topic, queueOffset }) => [topic, queueOffset])).toEqual([
      ['TopicA', 0],
      ['TopicA', 1],
    ]);
  });

  it('stands in none whose name cannot be one, nor twice in one', async () => {
    const names = `plain,%LMQ%a,%LMQ%a,%LMQ%,%LMQ%x/y,%LMQ%${'n'.repeat(300)}`;
    await world.sendAll([light(names)]);
    expect(world.store.topics().filter((topic) => topic.includes('LMQ'))).toEqual(['%LMQ%a']);
    const { messages } = await world.read(world.store.findQueue('TopicA', 0), 0);
    expect(messages[0]!.properties.get('INNER_MULTI_QUEUE_OFFSET')).toBe(',0,,,,');
  });

  it('stands in none while it is on its way to another topic', async () => {
    const topics = ['%RETRY%g', 'SCHEDULE_TOPIC_XXXX', 'rmq_sys_x', 'RMQ_SYS_TRANS_HALF_TOPIC'];
    await world.sendAll(topics.map((topic) => ({ topic, ...light('%LMQ%a') })));
    expect(world.store.findQueue('%LMQ%a', 0)).toBeUndefined();
  });

  it('cannot give itself an offset', async () => {
    const properties = { INNER_MULTI_QUEUE_OFFSET: '77' };
    await world.sendAll([
      light('%LMQ%a', 'one', properties),
      { topic: '%RETRY%g', ...light('%LMQ%b', 'two', properties) },
    ]);
    expect(await bodies('%LMQ%a')).toEqual(['one']);
    const { messages } = await world.read(world.store.findQueue('%RETRY%g', 0), 0);
    expect(messages[0]!.properties.has('INNER_MULTI_QUEUE_OFFSET')).toBe(false);
    world.kill();
    await world.open();
    expect(await bodies('%LMQ%a')).toEqual(['one']);
    expect(world.store.findQueue('%LMQ%b', 0)).toBeUndefined();
  });

  it('is refused where it needs one light queue too many, and leaves no trace', async () => {
    await world.close();
    await world.open({ lightQueues: { enabled: true, countMax: 2 } });
    await world.sendAll([light('%LMQ%a,%LMQ%b', 'one')]);
    const batch = [world.entry(light('%LMQ%a', 'two')), world.entry(light('%LMQ%c', 'three'))];
    expect(() => world.store.appendBatch(batch)).toThrow(LightQueueLimitError);
    await world.sendAll([light('%LMQ%a', 'four')]);
    expect(await bodies('%LMQ%a')).toEqual(['one', 'four']);
    expect(world.store.findQueue('TopicA', 0)?.maxOffset).toBe(2);
  });

  it('may come in a batch', async () => {
    const batch = ['one', 'two', 'three'].map((body) => world.entry(light('%LMQ%a', body)));
    world.store.appendBatch(batch);
    await world.settle();
    expect(await bodies('%LMQ%a')).toEqual(['one', 'two', 'three']);
  });

  it('is an ordinary message where light queues are switched off', async () => {
    await world.close();
    await world.open({ lightQueues: { enabled: false, countMax: 100 } });
    await world.sendAll([light('%LMQ%a', 'one', { INNER_MULTI_QUEUE_OFFSET: '5' })]);
    expect(world.store.findQueue('%LMQ%a', 0)).toBeUndefined();
    await world.close();
    await world.open();
    await world.sendAll([light('%LMQ%a', 'two')]);
    expect(await bodies('%LMQ%a')).toEqual(['two']);
  });
});

describe('light queues', () => {
  /** Messages of several topics and queues, in turn in one, two or no light queues; more than memory holds. */
  const fill = async (count: number): Promise<{ a: string[]; b: string[] }> => {
    const a: string[] = [];
    const b: string[] = [];
    const texts = Array.from({ length: count }, (_, i): MessageText => {
      const body = `message ${i} ${'x'.repeat(150)}`;
      const place = { topic: `Topic${i % 3}`, queueId: i % 4 };
      if (i % 3 === 0) a.push(body);
      if (i % 2 === 0) b.push(body);
      const names = [...(i % 3 === 0 ? ['%LMQ%a'] : []), ...(i % 2 === 0 ? ['%LMQ%b'] : [])];
      return names.length === 0 ? { ...place, body } : { ...place, ...light(names.join(), body) };
    });
    for (let i = 0; i < count; i += 20) await world.sendAll(texts.slice(i, i + 20));
    return { a, b };
  };

  it('are read from the disk, too', async () => {
    const { a, b } = await fill(400);
    expect(await bodies('%LMQ%a')).toEqual(a);
    expect(await bodies('%LMQ%b')).toEqual(b);
  });

  it('are there after a restart, a kill and a loss of power', async () => {
    const { a, b } = await fill(300);
    await world.close();
    await world.open();
    expect(await bodies('%LMQ%a')).toEqual(a);
    world.kill();
    await world.open();
    expect(await bodies('%LMQ%b')).toEqual(b);
    await world.settle(1_000);
    world.losePower();
    await world.open({ bootId: 'boot-2' });
    expect(await bodies('%LMQ%a')).toEqual(a);
    expect(await bodies('%LMQ%b')).toEqual(b);
    await world.sendAll([light('%LMQ%a', 'last')]);
    expect((await bodies('%LMQ%a', a.length)).at(-1)).toBe('last');
  });

  it('are built anew from the log when their files are lost', async () => {
    const { a, b } = await fill(300);
    await world.settle(100_000);
    world.kill();
    const lost = world.disk.paths().filter((path) => path.includes('%LMQ%a/'));
    expect(lost).not.toEqual([]);
    for (const path of lost) await world.disk.remove(path);
    await world.open();
    expect(await bodies('%LMQ%a')).toEqual(a);
    expect(await bodies('%LMQ%b')).toEqual(b);
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'lose nothing that was confirmed, whenever it ends (seed %i)',
    async (seed) => {
      world = new SimulatedStore(seed, ON);
      await world.open();
      const confirmed = { '%LMQ%a': [] as string[], '%LMQ%b': [] as string[] };
      let number = 0;
      for (let round = 0; round < 5; round++) {
        world.disk.latencyMsMax = world.random.below(20);
        const sent = [];
        for (let burst = 0; burst < 10; burst++) {
          for (let i = 0; i < 1 + world.random.below(20); i++) {
            const names = world.random.chance(0.5) ? '%LMQ%a' : '%LMQ%a,%LMQ%b';
            const text = { ...light(names, `n${number++}`), topic: `T${world.random.below(3)}` };
            sent.push({ names, body: String(text.body), entry: world.send(text) });
          }
          await world.clock.advance(world.random.chance(0.1) ? 8_000 : world.random.below(60));
        }
        world.kill();
        for (const { names, body, entry } of sent) {
          if (!entry.acked) continue;
          for (const name of names.split(',') as (keyof typeof confirmed)[])
            confirmed[name].push(body);
        }
        await world.open();
        world.disk.latencyMsMax = 0;
        for (const name of ['%LMQ%a', '%LMQ%b'] as const) {
          const found = await bodies(name);
          expect(new Set(found).size).toBe(found.length);
          expect(found.filter((body) => confirmed[name].includes(body))).toEqual(confirmed[name]);
          confirmed[name] = found;
        }
        expect(await world.drive(world.store.verify())).toEqual([]);
      }
    },
  );
});
