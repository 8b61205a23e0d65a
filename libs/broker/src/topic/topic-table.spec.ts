import { beforeEach, describe, expect, it } from '@jest/globals';
import type { TopicConfigWrapper } from '@rocketmq-ts/protocol';
import { RecordingLogger, SimulatedClock } from '@rocketmq-ts/testing';
import { topicConfig } from './topic-creation.js';
import { TopicLimitError, TopicTable } from './topic-table.js';

/** A file whose writes a test ends, well or not. */
class HandFile {
  readonly writes: { topics: string[]; perms: number[]; end: (error?: Error) => void }[] = [];

  readonly save = (content: () => TopicConfigWrapper): Promise<void> =>
    new Promise((resolve, reject) => {
      const { topicConfigTable } = content();
      this.writes.push({
        topics: [...topicConfigTable.keys()],
        perms: [...topicConfigTable.values()].map(({ perm }) => perm),
        end: (error) => (error ? reject(error) : resolve()),
      });
    });

  async end(error?: Error): Promise<void> {
    await settle();
    this.writes.shift()!.end(error);
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve();
}

const topic = (name: string, queues = 1, perm = 6) =>
  topicConfig(name, { readQueueNums: queues, writeQueueNums: queues, perm });

let file: HandFile;
let clock: SimulatedClock;
let table: TopicTable;

beforeEach(() => {
  file = new HandFile();
  clock = new SimulatedClock();
  const limits = { topicCountMax: 3, queueCountMax: 10, queuesPerTopicMax: 8 };
  table = new TopicTable(clock, new RecordingLogger(), limits, file.save);
});

describe('a topic that is created', () => {
  it('is found once it is saved, not before (I1)', async () => {
    const created = table.createIfAbsent(topic('a'));
    await settle();
    expect(table.find('a')).toBeUndefined();
    expect(file.writes[0]!.topics).toEqual(['a']);
    await file.end();
    expect((await created).name).toBe('a');
    expect(table.find('a')).toBeDefined();
  });

  it('is created once for all who ask', async () => {
    const works = [1, 2, 3].map((queues) => table.createIfAbsent(topic('a', queues)));
    await file.end();
    const records = await Promise.all(works);
    expect(new Set(records).size).toBe(1);
    expect(records[0]!.config.writeQueueNums).toBe(1);
    expect(await table.createIfAbsent(topic('a', 9))).toBe(records[0]);
    expect(file.writes).toEqual([]);
  });

  it('is not there when it could not be saved, and can be asked for again', async () => {
    const failed = table.createIfAbsent(topic('a'));
    failed.catch(() => undefined);
    await file.end(new Error('disk full'));
    await expect(failed).rejects.toThrow('disk full');
    expect(table.find('a')).toBeUndefined();
    const again = table.createIfAbsent(topic('a'));
    await file.end();
    expect((await again).name).toBe('a');
  });

  it('takes the settings of the operator who sets it at the same moment', async () => {
    const set = table.update([topic('a', 4, 4)]);
    await settle();
    const created = table.createIfAbsent(topic('a', 1));
    await file.end();
    await set;
    expect((await created).config).toMatchObject({ writeQueueNums: 4, perm: 4 });

    const other = table.createIfAbsent(topic('b', 1));
    const setAfter = table.update([topic('b', 4)]);
    await file.end();
    await other;
    await file.end();
    await setAfter;
    expect(table.find('b')!.config.writeQueueNums).toBe(4);
  });
});

describe('a change', () => {
  beforeEach(async () => {
    const work = table.update([topic('a', 2)]);
    await file.end();
    await work;
  });

  it('is in force once it is saved, and moves the version on (I2)', async () => {
    const { counter } = table.dataVersion;
    let told = 0;
    table.onChanged(() => {
      told++;
      return Promise.resolve();
    });
    const work = table.update([topic('a', 4)]);
    await settle();
    expect(table.find('a')!.config.writeQueueNums).toBe(2);
    expect(table.dataVersion.counter).toBe(counter);
    await file.end();
    await work;
    expect(table.find('a')!.config.writeQueueNums).toBe(4);
    expect(table.dataVersion.counter).toBe(counter + 1);
    expect(told).toBe(1);
  });

  it('is not made when it could not be saved', async () => {
    const work = table.update([topic('a', 4), topic('b')]);
    work.catch(() => undefined);
    await file.end(new Error('no'));
    await expect(work).rejects.toThrow('no');
    expect(table.find('a')!.config.writeQueueNums).toBe(2);
    expect(table.find('b')).toBeUndefined();
  });

  it('keeps what the hot path holds of the topic', async () => {
    const record = table.find('a')!;
    const work = table.update([topic('a', 4)]);
    await file.end();
    await work;
    expect(table.find('a')).toBe(record);
  });

  it('waits for listeners, but not for ever', async () => {
    table.onChanged(() => new Promise(() => undefined));
    let done = false;
    const work = table.update([topic('a', 3)]).then(() => (done = true));
    await file.end();
    expect(done).toBe(false);
    await clock.advance(1_000);
    await work;
    expect(done).toBe(true);
  });
});

describe('a topic that is removed', () => {
  beforeEach(async () => {
    const work = table.update([topic('a', 2)]);
    await file.end();
    await work;
  });

  it('cannot come again before everything of it is gone', async () => {
    let cleaned = () => undefined as void;
    const kept = table.find('a');
    const removed = table.remove('a', () => new Promise((resolve) => (cleaned = resolve)));
    await settle();
    expect(table.find('a')).toBeUndefined();
    const again = table.createIfAbsent(topic('a', 1));
    await file.end();
    expect(file.writes).toEqual([]);
    cleaned();
    await settle();
    expect(await removed).toBe(true);
    // Who kept it knows that it must look again.
    expect([kept?.removed, table.find('a')?.removed]).toEqual([true, undefined]);
    await file.end();
    expect((await again).config.writeQueueNums).toBe(1);
  });

  it('stays when that could not be saved', async () => {
    let cleaned = false;
    const removed = table.remove('a', () => {
      cleaned = true;
      return Promise.resolve();
    });
    removed.catch(() => undefined);
    await file.end(new Error('no'));
    await expect(removed).rejects.toThrow('no');
    expect(table.find('a')!.config.writeQueueNums).toBe(2);
    expect(cleaned).toBe(false);
  });

  it('is no error where there is none', async () => {
    expect(await table.remove('other', () => Promise.resolve())).toBe(false);
  });
});

describe('the limits (I3)', () => {
  const refused = (work: Promise<unknown>) => expect(work).rejects.toThrow(TopicLimitError);
  const fill = async (...configs: Parameters<TopicTable['update']>[0]) => {
    const work = table.update(configs);
    await file.end();
    await work;
  };

  it('hold for topics, also those that are being saved', async () => {
    await fill(topic('a'), topic('b'));
    const third = table.createIfAbsent(topic('c'));
    await refused(table.createIfAbsent(topic('d')));
    await refused(table.update([topic('e', 0)]));
    await file.end();
    expect((await third).name).toBe('c');
  });

  it('hold for queues, of one topic and of all', async () => {
    await refused(table.createIfAbsent(topic('a', 9)));
    await fill(topic('a', 8));
    await refused(table.createIfAbsent(topic('b', 3)));
    await refused(table.update([topic('b', 2), topic('c', 1)]));
    await fill(topic('b', 2));
    await fill(topic('a', 4));
    await fill(topic('c', 4));
    expect(table.size).toBe(3);
  });

  it('do not keep anybody from making a topic smaller', async () => {
    const wide = { topicCountMax: 0, queueCountMax: 0, queuesPerTopicMax: 8 };
    table = new TopicTable(clock, new RecordingLogger(), wide, file.save);
    table.restore([topic('a', 8)], undefined);
    await fill(topic('a', 4));
    expect(table.find('a')!.config.writeQueueNums).toBe(4);
    await refused(table.update([topic('a', 5)]));
  });
});

it('starts with its own topics, what was saved on top of them', () => {
  const dataVersion = { counter: 7, stateVersion: 0, timestamp: 3 };
  const saved = new Map([
    ['a', topic('a', 5)],
    ['c', topic('c')],
  ]);
  table.restore([topic('a', 1), topic('b')], { dataVersion, topicConfigTable: saved });
  expect(
    table
      .configs()
      .map(({ topicName }) => topicName)
      .sort(),
  ).toEqual(['a', 'b', 'c']);
  expect(table.find('a')!.config.writeQueueNums).toBe(5);
  expect(table.dataVersion).toEqual(dataVersion);
});
