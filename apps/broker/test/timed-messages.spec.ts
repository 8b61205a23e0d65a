import { describe, expect, it } from '@jest/globals';
import { STORE, TimerService } from '@rocketmq-ts/broker';
import type { BrokerStore } from '@rocketmq-ts/broker';
import {
  GetTimerCheckPoint,
  GetTimerMetrics,
  RecallMessage,
  ResponseCode,
  UpdateAndCreateTopic,
} from '@rocketmq-ts/protocol';
import { type PulledRecord } from './pull-answer.js';
import { newTopic } from './requests.js';
import { BROKER, brokerForEachTest, type SimulatedBroker } from './simulated-broker.js';

let broker: SimulatedBroker;
brokerForEachTest((started) => (broker = started), {
  settings: 'recallMessageEnable=true\n',
  topic: 'orders',
});

const all = async (topic = 'orders'): Promise<readonly PulledRecord[]> =>
  (await broker.pull(topic, 0)).records;
const bodies = async (topic = 'orders'): Promise<string[]> =>
  (await all(topic)).map(({ body }) => body);
const timed = (key: string, value: number | string) => ({ properties: { [key]: String(value) } });
const now = (): number => broker.world.clock.nowMs();
const service = (): TimerService => broker.service.running().app.get(TimerService);

describe('a message that names its time of delivery', () => {
  it.each([
    ['TIMER_DELAY_SEC', 3, 3_000],
    ['TIMER_DELAY_MS', 3_456, 3_456],
  ])('comes %s %d after it was sent, not before', async (key, value, afterMs) => {
    const sentAtMs = now();
    await broker.sent('orders', 'later', timed(key, value));
    while (now() < sentAtMs + afterMs - 1) await broker.world.clock.advance(1);
    expect(await bodies()).toEqual([]);
    await broker.pass(60);
    expect(await bodies()).toEqual(['later']);
  });

  it('comes at the millisecond it names', async () => {
    const atMs = now() + 2_345;
    await broker.sent('orders', 'then', timed('TIMER_DELIVER_MS', atMs));
    while (now() < atMs - 1) await broker.world.clock.advance(1);
    expect(await bodies()).toEqual([]);
    while (now() < atMs + 20) await broker.world.clock.advance(1);
    expect(await bodies()).toEqual(['then']);
    expect((await all())[0]!.storeTimestampMs).toBeGreaterThanOrEqual(atMs);
  });

  it('says where it was meant to go and when it came and went, as Apache’s broker notes it', async () => {
    const at = { TIMER_DELAY_MS: '1500', TAGS: 'red' };
    await broker.sent('orders', 'later', { queueId: 2, properties: at });
    await broker.pass(2_000);
    const answer = await broker.pull('orders', 0, { queueId: 2, subscription: 'red' });
    const properties = Object.fromEntries(answer.records[0]!.properties);
    expect(properties).toMatchObject({ ...at, REAL_TOPIC: 'orders', REAL_QID: '2' });
    expect(Number(properties['TIMER_OUT_MS']) % 1_000).toBe(0);
    expect(Number(properties['TIMER_DEQUEUE_MS'])).toBeGreaterThan(
      Number(properties['TIMER_ENQUEUE_MS']),
    );
  });

  it('is delivered at once where its time is over', async () => {
    await broker.sent('orders', 'past', timed('TIMER_DELIVER_MS', now() - 1));
    await broker.sent('orders', 'minus', timed('TIMER_DELAY_SEC', -5));
    await broker.pass(50);
    expect(await bodies()).toEqual(['past', 'minus']);
  });

  it('is refused where its time is no number or too far ahead', async () => {
    for (const [key, value] of [
      ['TIMER_DELAY_SEC', 'soon'],
      ['TIMER_DELAY_SEC', 3 * 86_400 + 1],
      ['TIMER_DELAY_SEC', '9223372036854775807'],
      ['TIMER_DELIVER_MS', '99999999999999999999'],
    ] as const) {
      const answer = await broker.send('orders', 'never', timed(key, value));
      expect([value, answer.code]).toEqual([value, ResponseCode.MESSAGE_ILLEGAL]);
      expect(answer.remark).toContain('timer message illegal');
    }
  });

  it('follows its delay level where it has one, too', async () => {
    const properties = { DELAY: '1', TIMER_DELAY_SEC: '50' };
    await broker.sent('orders', 'level', { properties });
    await broker.pass(1_300);
    expect(await bodies()).toEqual(['level']);
  });

  it('comes in the order of due times, whatever the order of sending', async () => {
    const base = now();
    for (const ms of [2_900, 2_100, 4_500, 2_500, 1_200])
      await broker.sent('orders', `${ms}`, timed('TIMER_DELIVER_MS', base + ms));
    await broker.pass(5_000);
    expect(await bodies()).toEqual(['1200', '2100', '2500', '2900', '4500']);
  });

  it('comes although its slot is being delivered already', async () => {
    await broker.sent('orders', 'first', timed('TIMER_DELAY_MS', 900));
    await broker.pass(500);
    await broker.sent('orders', 'second', timed('TIMER_DELAY_MS', 30));
    await broker.pass(100);
    expect(await bodies()).toEqual(['second']);
    await broker.pass(500);
    expect(await bodies()).toEqual(['second', 'first']);
  });
});

describe('timed messages over a stop', () => {
  it('come when they are due, once, also those of a slot that was half delivered', async () => {
    const base = now() - (now() % 1_000) + 3_000;
    for (let ms = 100; ms <= 3_000; ms += 100)
      await broker.sent('orders', `${ms}`, timed('TIMER_DELIVER_MS', base + ms));
    while (now() < base + 1_450) await broker.world.clock.advance(10);
    const before = await bodies();
    expect(before).toHaveLength(14);
    await broker.restart('recallMessageEnable=true\n');
    await broker.pass(6_000);
    const after = await bodies();
    expect([...after].sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 30 }, (_, i) => `${(i + 1) * 100}`),
    );
    expect(after).toHaveLength(30);
  });

  it('that were due meanwhile come at the start', async () => {
    await broker.sent('orders', 'overdue', timed('TIMER_DELAY_SEC', 5));
    await broker.stop();
    await broker.world.clock.advance(60_000);
    await broker.startAgain();
    await broker.pass(300);
    expect(await bodies()).toEqual(['overdue']);
  });
});

describe('a message that has to wait longer than the wheel reaches', () => {
  it('rolls, and comes at its millisecond all the same', async () => {
    await broker.restart('timerRollWindowSlot=4\n');
    const atMs = now() + 17_345;
    await broker.sent('orders', 'far', timed('TIMER_DELIVER_MS', atMs));
    await broker.sent('orders', 'far, too', timed('TIMER_DELAY_MS', 17_345));
    while (now() < atMs - 1) await broker.world.clock.advance(1);
    expect(await bodies()).toEqual([]);
    await broker.pass(200);
    expect(await bodies()).toEqual(['far', 'far, too']);
    const [record] = await all();
    expect(Number(record!.properties.get('TIMER_ROLL_TIMES'))).toBeGreaterThan(2);
    expect(service().figures.rolled).toBeGreaterThan(5);
    expect(service().figures.pendingOf('orders')).toBe(0);
  });
});

describe('log files with waiting messages', () => {
  const ONE_MINUTE = 'fileReservedMs=60000\n';
  const SECOND_MS = 1_000;
  const store = () => broker.service.running().app.get<BrokerStore>(STORE);
  /** Some files of log behind the message. */
  const fill = async (): Promise<void> => {
    for (let i = 0; i < 11; i++) await broker.sent('orders', 'x'.repeat(100_000), { queueId: 1 });
  };

  it('stay, however old they are, until the message is delivered', async () => {
    await broker.restart(`${ONE_MINUTE}timerStopDequeue=true\n`);
    await broker.sent('orders', 'held', timed('TIMER_DELAY_SEC', 30));
    await fill();
    await broker.pass(75 * SECOND_MS);
    await broker.settled(store().deleteExpired());
    expect(store().commitLogMinOffset).toBe(0);
    await broker.restart(ONE_MINUTE);
    await broker.pass(5_000);
    expect(await bodies()).toEqual(['held']);
    await broker.settled(store().deleteExpired());
    expect(store().commitLogMinOffset).toBeGreaterThan(0);
    expect(service().figures.missing).toBe(0);
  });

  it('go when they expire: the message rolled before', async () => {
    await broker.restart(ONE_MINUTE);
    const atMs = now() + 180 * SECOND_MS;
    await broker.sent('orders', 'far', timed('TIMER_DELIVER_MS', atMs));
    await fill();
    await broker.pass(70 * SECOND_MS);
    await broker.settled(store().deleteExpired());
    expect(store().commitLogMinOffset).toBeGreaterThan(0);
    while (now() < atMs - 1) await broker.pass(Math.min(10 * SECOND_MS, atMs - 1 - now()));
    expect(await bodies()).toEqual([]);
    await broker.pass(100);
    expect(await bodies()).toEqual(['far']);
    expect([service().figures.missing, service().figures.rolled]).toEqual([0, 3]);
  });
});

describe('RECALL_MESSAGE', () => {
  const recall = (recallHandle: string, topic = 'orders') =>
    broker.ask(RecallMessage, {
      header: { producerGroup: 'producers', topic, recallHandle },
      body: null,
    });

  it('calls one message back and no other one', async () => {
    const handles: string[] = [];
    for (const key of ['A', 'B', 'C']) {
      const ext = await broker.sent('orders', key, {
        properties: { TIMER_DELAY_MS: '3300', UNIQ_KEY: `key-${key}` },
      });
      handles.push(ext.get('recallHandle')!);
    }
    const answer = await recall(handles[1]!);
    expect([answer.code, answer.ext().get('msgId')]).toEqual([0, 'key-B']);
    await broker.pass(200);
    expect(service().figures.pendingOf('orders')).toBe(2);
    await broker.pass(5_000);
    expect(await bodies()).toEqual(['A', 'C']);
    expect(service().figures.recalled).toBe(1);
    expect(service().figures.pendingOf('orders')).toBe(0);
  });

  it('comes in time until the slot begins, although its messages are in memory by then', async () => {
    const base = now() - (now() % 1_000) + 3_000;
    const ext = await broker.sent('orders', 'no', timed('TIMER_DELIVER_MS', base + 700));
    while (now() < base - 100) await broker.world.clock.advance(10);
    const handle = ext.get('recallHandle')!;
    expect((await recall(handle)).code).toBe(0);
    while (now() < base + 100) await broker.world.clock.advance(10);
    expect((await recall(handle)).code).toBe(ResponseCode.ILLEGAL_OPERATION);
    await broker.pass(2_000);
    expect(await bodies()).toEqual([]);
  });

  it('that is too late, or about nothing, leaves the counts right', async () => {
    const ext = await broker.sent('orders', 'gone', timed('TIMER_DELAY_MS', 300));
    await broker.pass(400);
    const late = await recall(ext.get('recallHandle')!);
    await broker.pass(3_000);
    expect(await bodies()).toEqual(['gone']);
    expect([late.code, service().figures.pendingOf('orders')]).toEqual([expect.any(Number), 0]);
  });

  it('calls a message back that rolls', async () => {
    await broker.restart('timerRollWindowSlot=4\nrecallMessageEnable=true\n');
    const ext = await broker.sent('orders', 'far', timed('TIMER_DELAY_SEC', 15));
    await broker.pass(6_000);
    expect((await recall(ext.get('recallHandle')!)).code).toBe(0);
    await broker.pass(15_000);
    expect(await bodies()).toEqual([]);
    expect(service().figures.pendingOf('orders')).toBe(0);
  });

  it('is refused with Apache’s codes', async () => {
    const { ILLEGAL_OPERATION, NO_PERMISSION, TOPIC_NOT_EXIST } = ResponseCode;
    expect((await recall('nonsense')).code).toBe(ILLEGAL_OPERATION);
    expect((await recall('nonsense', 'nowhere')).code).toBe(TOPIC_NOT_EXIST);
    const ext = await broker.sent('orders', 'x', timed('TIMER_DELAY_SEC', 9));
    await broker.call(UpdateAndCreateTopic, newTopic('bills'));
    expect((await recall(ext.get('recallHandle')!, 'bills')).code).toBe(ILLEGAL_OPERATION);
    await broker.restart();
    expect((await recall(ext.get('recallHandle')!)).code).toBe(NO_PERMISSION);
  });
});

describe('the figures of the timer', () => {
  it('tell what waits, and survive a restart', async () => {
    for (let i = 0; i < 5; i++) await broker.sent('orders', `${i}`, timed('TIMER_DELAY_SEC', 60));
    await broker.pass(1_500);
    const { body } = await broker.call(GetTimerMetrics, { header: {}, body: null }, BROKER);
    expect(body.timingCount.get('orders')?.count).toBe(5);
    const check = await broker.call(GetTimerCheckPoint, { header: {}, body: null }, BROKER);
    expect(check.body).toHaveLength(56);
    expect(Number(check.body.readBigInt64BE(16))).toBe(5);
    await broker.restart();
    await broker.pass(100);
    expect(service().figures.pendingOf('orders')).toBe(5);
    expect(service().running!.timers.wheel.pendingCount).toBe(5);
  });

  it('are those of no timer where it is turned off', async () => {
    await broker.restart('timerWheelEnable=false\n');
    const refused = await broker.send('orders', 'x', timed('TIMER_DELAY_SEC', 9));
    expect([refused.code, refused.remark]).toEqual([
      ResponseCode.SYSTEM_ERROR,
      'accurate timer message is not enabled, timerWheelEnable is false',
    ]);
    const answer = await broker.ask(GetTimerMetrics, { header: {}, body: null });
    expect(answer.code).toBe(ResponseCode.SYSTEM_ERROR);
  });
});
