import { afterEach, describe, expect, it } from '@jest/globals';
import { Notification, ResponseCode, UpdateBrokerConfig } from '@rocketmq-ts/protocol';
import { pop } from './pop-requests.js';
import { BROKER, SimulatedBroker } from './simulated-broker.js';

let broker: SimulatedBroker;
afterEach(async () => {
  expect(await broker.stop()).toEqual([]);
});

interface Wish {
  readonly type?: string;
  readonly expression?: string;
  readonly pollMs?: number;
}

const ask = (wish: Wish = {}) =>
  broker.client.call(
    BROKER,
    Notification,
    {
      header: {
        topic: 'orders',
        consumerGroup: 'poppers',
        queueId: 0,
        pollTimeMs: wish.pollMs ?? 0,
        bornTimeMs: broker.world.clock.nowMs(),
        expressionType: wish.type ?? 'TAG',
        expression: wish.expression ?? 'red',
      },
      body: null,
    },
    { timeoutMs: 60_000 },
  );
const hasMessage = async (wish?: Wish) => (await broker.settled(ask(wish))).header.hasMsg;
const send = async (tag: string, count = 1): Promise<void> => {
  for (let i = 0; i < count; i++) {
    await broker.sent('orders', tag, { properties: { TAGS: tag } });
  }
};

describe('a notification with a filter', () => {
  it.each([
    { type: 'TAG', expression: 'red' },
    { type: 'SQL92', expression: "TAGS = 'red'" },
  ])('of type $type tells of messages that pass it alone', async (wish) => {
    broker = await SimulatedBroker.start('enablePropertyFilter=true');
    await send('blue', 3);
    expect(await hasMessage(wish)).toBe(false);
    await send('red');
    expect(await hasMessage(wish)).toBe(true);
  });

  it('waits on when what arrives does not pass, and hears of what does', async () => {
    broker = await SimulatedBroker.start();
    await send('blue');
    const waiting = ask({ pollMs: 10_000 });
    let answered = false;
    void waiting.finally(() => (answered = true));
    await broker.pass(500);
    await send('blue', 2);
    await broker.pass(500);
    expect(answered).toBe(false);
    await send('red');
    expect((await broker.settled(waiting)).header).toEqual({ hasMsg: true, pollingFull: false });
  });

  it('whose time is over without a message that passes says so', async () => {
    broker = await SimulatedBroker.start();
    await send('blue');
    const waiting = ask({ pollMs: 2_000 });
    await broker.pass(1_000);
    await send('blue');
    await broker.pass(1_500);
    expect((await broker.settled(waiting)).header.hasMsg).toBe(false);
  });

  it('is told without a look when many wait: a pop has to move past them', async () => {
    broker = await SimulatedBroker.start('maxMessageFilterNumForNotification=8');
    await send('blue', 7);
    expect(await hasMessage()).toBe(false);
    await send('blue');
    expect(await hasMessage()).toBe(true);
    await pop(broker, { header: { expressionType: 'TAG', expression: 'red' } });
    expect(await hasMessage()).toBe(false);
  });

  it('is told of everything where an operator wants that, or where it names no type', async () => {
    broker = await SimulatedBroker.start();
    await send('blue');
    expect(await hasMessage({ type: '' })).toBe(true);
    const body = 'useMessageFilterForNotification=false\n';
    expect((await broker.ask(UpdateBrokerConfig, { header: {}, body })).code).toBe(0);
    expect(await hasMessage()).toBe(true);
  });

  it('tells of messages that come again, which passed it before', async () => {
    broker = await SimulatedBroker.start();
    await send('red');
    await pop(broker, {
      invisibleMs: 1_000,
      header: { expressionType: 'TAG', expression: 'red' },
    });
    expect(await hasMessage()).toBe(false);
    const waiting = ask({ pollMs: 10_000 });
    await broker.pass(3_000);
    expect((await broker.settled(waiting)).header.hasMsg).toBe(true);
  });

  it('is refused when the filter makes no sense', async () => {
    broker = await SimulatedBroker.start('enablePropertyFilter=true');
    await send('red');
    await expect(broker.settled(ask({ type: 'SQL92', expression: 'a >' }))).rejects.toMatchObject({
      responseCode: ResponseCode.SUBSCRIPTION_PARSE_FAILED,
    });
  });
});
