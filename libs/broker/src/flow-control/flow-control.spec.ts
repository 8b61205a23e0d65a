import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '@rocketmq-ts/testing';
import { COLD_WINDOW_MS, ColdReads } from './cold-reads.js';
import { FlowControl } from './flow-control.js';
import { TokenBucket } from './token-bucket.js';

const OFF = { messagesPerClient: 0, bytesPerClient: 0, messagesPerGroup: 0, bytesPerGroup: 0 };

function world(limits: { sends?: object; pulls?: object; cold?: object } = {}) {
  const clock = new SimulatedClock();
  const settings = {
    sends: { ...OFF, ...limits.sends },
    pulls: { ...OFF, ...limits.pulls },
    slowDownMsMax: 1_000,
  };
  const cold = new ColdReads(clock, {
    enabled: true,
    groupThresholdBytes: 1_000,
    globalThresholdBytes: 3_000,
    ...limits.cold,
  });
  const flow = new FlowControl<Client>(clock, settings, cold);
  const send = (client: Client, group = 'p', bytes = 100, isOneWay = false) =>
    flow.admitSend(client, group, { messages: 1, bytes, isOneWay });
  const cold1 = (group: string, bytes: number, queueId = 0, fromDisk = true) =>
    flow.notePull(
      new Client(),
      { group, topic: 't', queueId },
      { messageCount: 1, bytes, fromDisk },
    );
  return { clock, settings, cold, flow, send, cold1 };
}

class Client {
  readonly remoteHostPort = '10.0.0.9:5';
  readonly slowedMs: number[] = [];
  slowDown(ms: number): void {
    this.slowedMs.push(Math.round(ms));
  }
}

describe('TokenBucket', () => {
  it('lets a burst of a second through, then makes a debt that time pays', () => {
    const bucket = new TokenBucket(10, 0);
    for (let i = 0; i < 10; i++) bucket.take(1, 10, 0);
    expect(bucket.waitMs(10, 0)).toBe(0);
    bucket.take(5, 10, 0);
    expect(bucket.waitMs(10, 0)).toBe(500);
    expect(bucket.waitMs(10, 300)).toBe(200);
    expect(bucket.waitMs(10, 500)).toBe(0);
  });

  it('saves up for one second, not for longer', () => {
    const bucket = new TokenBucket(10, 0);
    bucket.take(20, 10, 3_600_000);
    expect(bucket.waitMs(10, 3_600_000)).toBe(1_000);
  });

  it('obeys a rate that is changed', () => {
    const bucket = new TokenBucket(10, 0);
    bucket.take(110, 10, 0);
    expect(bucket.waitMs(1_000, 0)).toBe(100);
  });
});

describe('sends', () => {
  it('are not counted while nothing is limited', () => {
    const { flow } = world();
    expect(flow.limitsSends).toBe(false);
  });

  it('of a client that is too fast make it wait', () => {
    const { flow, send } = world({ sends: { messagesPerClient: 10 } });
    const client = new Client();
    for (let i = 0; i < 10; i++) expect(send(client)).toBeUndefined();
    expect(client.slowedMs).toEqual([]);
    expect(send(client)).toBeUndefined();
    expect(client.slowedMs).toEqual([100]);
    expect(flow.slowed.get('sendMessagesPerSecondPerClient')).toBe(1);
    const other = new Client();
    expect(send(other)).toBeUndefined();
    expect(other.slowedMs).toEqual([]);
  });

  it('are refused with the setting named where the wait would be too long', () => {
    const { flow, send } = world({ sends: { bytesPerGroup: 1_000 } });
    expect(send(new Client(), 'p', 3_500)).toBeUndefined();
    expect(send(new Client(), 'p')).toEqual({
      code: 2,
      remark:
        '[FLOW_CONTROL]broker busy, start flow control for a while: ' +
        'producer group[p] sends more than sendBytesPerSecondPerGroup=1000',
    });
    expect(flow.refused.get('sendBytesPerSecondPerGroup')).toBe(1);
    expect(send(new Client(), 'other')).toBeUndefined();
  });

  it('that want no answer are never refused, only slowed down', () => {
    const { send } = world({ sends: { bytesPerGroup: 1_000 } });
    send(new Client(), 'p', 50_000);
    const client = new Client();
    expect(send(client, 'p', 100, true)).toBeUndefined();
    expect(client.slowedMs).toEqual([1_000]);
  });

  it('go on when the limit is taken away', () => {
    const { settings, send } = world({ sends: { messagesPerClient: 1 } });
    const client = new Client();
    for (let i = 0; i < 3; i++) send(client);
    expect(send(client)?.code).toBe(2);
    settings.sends.messagesPerClient = 0;
    expect(send(client)).toBeUndefined();
  });
});

describe('pulls', () => {
  it('wait for what was given too much, by client and by group', async () => {
    const { clock, flow } = world({ pulls: { messagesPerGroup: 10 } });
    const client = new Client();
    const put = () => flow.putOffPull(client, 'g', 't', 0);
    expect(put()).toBeUndefined();
    const place = { group: 'g', topic: 't', queueId: 0 };
    flow.notePull(client, place, { messageCount: 32, bytes: 1, fromDisk: false });
    expect(put()).toEqual({
      waitMs: 2_200,
      remark: '[FLOW_CONTROL]consumer group[g] is given more than pullMessagesPerSecondPerGroup=10',
    });
    await clock.advance(2_200);
    expect(put()).toBeUndefined();
  });

  it('that are refused are counted by their cause', () => {
    const { flow } = world({ pulls: { bytesPerClient: 10 } });
    const client = new Client();
    const place = { group: 'g', topic: 't', queueId: 0 };
    flow.notePull(client, place, { messageCount: 1, bytes: 1_000, fromDisk: false });
    flow.countRefusedPull(flow.putOffPull(client, 'g', 't', 0)!);
    expect(flow.refused.get('pullBytesPerSecondPerClient')).toBe(1);
  });
});

describe('cold reads', () => {
  it('of a group past its threshold wait for the next window', async () => {
    const { clock, cold, cold1 } = world();
    cold1('g', 999);
    expect(cold.waitMs('g', 't', 0)).toBe(0);
    cold1('g', 1);
    expect(cold.waitMs('g', 't', 0)).toBe(COLD_WINDOW_MS);
    expect(cold.waitMs('other', 't', 0)).toBe(0);
    await clock.advance(COLD_WINDOW_MS);
    expect(cold.waitMs('g', 't', 0)).toBe(0);
  });

  it('keep nobody from hot messages: another queue, or this one once it has caught up', () => {
    const { cold, cold1 } = world();
    cold1('g', 5_000, 0);
    expect(cold.waitMs('g', 't', 1)).toBe(0);
    cold1('g', 100, 0, false);
    expect(cold.waitMs('g', 't', 0)).toBe(0);
  });

  it('of all groups together have a threshold', () => {
    const { cold, cold1 } = world();
    for (const group of ['a', 'b', 'c', 'd']) cold1(group, 800);
    expect(cold.waitMs('a', 't', 0)).toBe(COLD_WINDOW_MS);
  });

  it('have thresholds of their own for some groups', () => {
    const { cold, cold1 } = world();
    cold.setThreshold('g', 5_000);
    cold1('g', 2_000);
    expect(cold.waitMs('g', 't', 0)).toBe(0);
    cold.removeThreshold('g');
    expect(cold.waitMs('g', 't', 0)).toBe(COLD_WINDOW_MS);
  });

  it('are only watched while the control is off', () => {
    const { cold, cold1 } = world({ cold: { enabled: false } });
    cold1('g', 99_999);
    expect(cold.waitMs('g', 't', 0)).toBe(0);
    expect(cold.groups).toMatchObject([{ group: 'g', bytesInWindow: 99_999 }]);
  });

  it('are forgotten after a minute', async () => {
    const { clock, cold, cold1 } = world();
    cold1('g', 1);
    await clock.advance(59_000);
    expect(cold.groups).toHaveLength(1);
    await clock.advance(10_000);
    expect(cold.groups).toEqual([]);
  });
});
