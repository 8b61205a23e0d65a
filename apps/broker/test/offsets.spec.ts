import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  DeleteTopicInBroker,
  GetEarliestMsgStoretime,
  GetMaxOffset,
  GetMinOffset,
  QueryConsumerOffset,
  ResponseCode,
  SearchOffsetByTimestamp,
  UpdateConsumerOffset,
} from '@rocketmq-ts/protocol';
import { brokerForEachTest, type SimulatedBroker } from './simulated-broker.js';

const FILE = '/store/config/consumerOffset.json';

let broker: SimulatedBroker;
brokerForEachTest((started) => (broker = started), { topic: 'orders' });
beforeEach(async () => {
  // The group comes into being with its first pull.
  await broker.pull('orders', 0);
});

const commit = (commitOffset: number, header = {}) =>
  broker.ask(UpdateConsumerOffset, {
    header: { consumerGroup: 'consumers', topic: 'orders', queueId: 0, commitOffset, ...header },
    body: null,
  });
const query = (header = {}) =>
  broker.ask(QueryConsumerOffset, {
    header: { consumerGroup: 'consumers', topic: 'orders', queueId: 0, ...header },
    body: null,
  });
const offsetOf = async (header = {}) => (await query(header)).ext().get('offset');

describe('the offset of a group', () => {
  it('is what was committed last, also when that is less', async () => {
    await commit(7);
    expect(await offsetOf()).toBe('7');
    await commit(3);
    expect(await offsetOf()).toBe('3');
  });

  it('is kept for each queue of each topic and group by itself', async () => {
    await commit(1);
    await commit(2, { queueId: 1 });
    await broker.pull('orders', 0, { group: 'others' });
    await commit(3, { consumerGroup: 'others' });
    expect(await offsetOf()).toBe('1');
    expect(await offsetOf({ queueId: 1 })).toBe('2');
    expect(await offsetOf({ consumerGroup: 'others' })).toBe('3');
  });

  it('is saved every five seconds, in Apache’s form', async () => {
    await commit(7);
    await commit(9, { queueId: 1 });
    await broker.pass(5_000);
    const text = await broker.fileText(FILE);
    expect(text!.replace(/"timestamp":\d+/, '"timestamp":1')).toBe(
      [
        '{',
        '\t"dataVersion":{',
        '\t\t"counter":0,',
        '\t\t"stateVersion":0,',
        '\t\t"timestamp":1',
        '\t},',
        '\t"offsetTable":{',
        '\t\t"orders@consumers":{',
        '\t\t\t0:7,',
        '\t\t\t1:9',
        '\t\t}',
        '\t}',
        '}',
      ].join('\n'),
    );
  });

  it('outlives a restart', async () => {
    await commit(7);
    await broker.restart();
    expect(await offsetOf()).toBe('7');
  });

  it('outlives the death of the process as far as it was saved', async () => {
    await commit(7);
    await broker.pass(6_000);
    await commit(8);
    broker.kill();
    await broker.startAgain();
    expect(await offsetOf()).toBe('7');
  });

  it('is taken from the backup where the file is damaged', async () => {
    await commit(7);
    await broker.pass(5_000);
    await commit(8);
    await broker.stop();
    broker.world.disk.flipBit(FILE, 0);
    await broker.startAgain();
    expect(await offsetOf()).toBe('7');
    expect(broker.said('a config file could not be read; its backup is used')).toBe(true);
  });

  it('never falls back to nothing: with both files damaged the broker does not start', async () => {
    await commit(7);
    await broker.pass(5_000);
    await commit(8);
    await broker.stop();
    broker.world.disk.flipBit(FILE, 0);
    broker.world.disk.flipBit(`${FILE}.bak`, 0);
    await expect(broker.startAgain()).rejects.toThrow(
      /consumerOffset\.json and its backup cannot be read .*restore one of them/,
    );
    await broker.removeFiles(FILE, `${FILE}.bak`);
    await broker.startAgain();
  });

  it('is forgotten with its topic', async () => {
    await broker.sent('orders', 'x');
    await commit(1);
    await broker.call(DeleteTopicInBroker, { header: { topic: 'orders' }, body: null });
    expect((await query()).code).toBe(ResponseCode.QUERY_NOT_FOUND);
  });

  it.each([
    [
      'an unknown group',
      { consumerGroup: 'nobody' },
      ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
      'Group nobody not exist!',
    ],
    [
      'an unknown topic',
      { topic: 'nothing' },
      ResponseCode.TOPIC_NOT_EXIST,
      'Topic nothing not exist!',
    ],
    ['a negative queue', { queueId: -1 }, ResponseCode.INVALID_PARAMETER, 'queueId[-1] is illegal'],
    [
      'a negative offset',
      { commitOffset: -1 },
      ResponseCode.INVALID_PARAMETER,
      'commitOffset[-1] is illegal',
    ],
  ])('is not taken for %s', async (_what, header, code, remark) => {
    const answer = await commit(1, header);
    expect({ code: answer.code, remark: answer.remark }).toEqual({ code, remark });
  });
});

describe('a group without an offset', () => {
  it('begins at the start of a young queue, whatever it would choose', async () => {
    await broker.sent('orders', 'first');
    expect(await offsetOf()).toBe('0');
  });

  it('is left the choice where it says so, or the queue is empty', async () => {
    const empty = await query();
    expect(empty.code).toBe(ResponseCode.QUERY_NOT_FOUND);
    expect(empty.remark).toMatch(/^Not found, V3_0_6_SNAPSHOT/);
    await broker.sent('orders', 'first');
    const answer = await query({ setZeroIfNotFound: false });
    expect(answer.code).toBe(ResponseCode.QUERY_NOT_FOUND);
    expect(answer.remark).toBe('Not found, do not set to zero, maybe this group boot first');
  });
});

describe('the ends of a queue', () => {
  const at = async (command: typeof GetMaxOffset | typeof GetMinOffset, queueId = 0) =>
    (await broker.call(command, { header: { topic: 'orders', queueId }, body: null })).header
      .offset;
  const search = async (timestampMs: number, boundaryType?: 'LOWER' | 'UPPER') =>
    (
      await broker.call(SearchOffsetByTimestamp, {
        header: { topic: 'orders', queueId: 0, timestampMs, ...(boundaryType && { boundaryType }) },
        body: null,
      })
    ).header.offset;
  const earliest = async () =>
    (
      await broker.call(GetEarliestMsgStoretime, {
        header: { topic: 'orders', queueId: 0 },
        body: null,
      })
    ).header.timestampMs;

  it('are known for queues that were written, and 0 for others', async () => {
    await broker.sent('orders', 'a');
    await broker.sent('orders', 'b');
    expect([await at(GetMinOffset), await at(GetMaxOffset)]).toEqual([0, 2]);
    expect([await at(GetMinOffset, 1), await at(GetMaxOffset, 1)]).toEqual([0, 0]);
    expect([await at(GetMinOffset, 99), await at(GetMaxOffset, -1)]).toEqual([0, 0]);
  });

  it('can be found by the time of storing', async () => {
    expect(await earliest()).toBe(-1);
    expect(await search(broker.world.clock.nowMs())).toBe(0);
    const storedAtMs: number[] = [];
    for (let i = 0; i < 5; i++) {
      await broker.sent('orders', `message ${i}`);
      const { records } = await broker.pull('orders', i);
      storedAtMs.push(records[0]!.storeTimestampMs);
      await broker.pass(1_000);
    }
    expect(await earliest()).toBe(storedAtMs[0]);
    for (const [i, time] of storedAtMs.entries()) {
      expect(await search(time)).toBe(i);
      expect(await search(time, 'UPPER')).toBe(i);
    }
    expect(await search(storedAtMs[2]! + 1)).toBe(3);
    expect(await search(storedAtMs[2]! + 1, 'UPPER')).toBe(2);
    expect(await search(storedAtMs[0]! - 10_000)).toBe(0);
  });
});
