import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '@rocketmq-ts/testing';
import { BroadcastOffsets } from './broadcast-offsets.js';
import { ConsumerOffsetTable } from './consumer-offset-table.js';
import { broadcastGroupOf } from './offset-key.js';

function world() {
  const clock = new SimulatedClock();
  const online = new Set<string>();
  const offsets = new ConsumerOffsetTable(clock);
  const broadcasts = new BroadcastOffsets({
    clock,
    offsets,
    settings: { enabled: true, expiryMs: 120_000, expiryMsMax: 300_000 },
    onlineClients: (group) => (group === 'g' ? online : new Set()),
  });
  const note = (clientId: string, queueId: number, queueOffset: number) =>
    broadcasts.note('g', clientId, { topic: 't', queueId, queueOffset });
  const committed = (queueId: number) => offsets.query(broadcastGroupOf('g'), 't', queueId);
  return { clock, online, broadcasts, note, committed };
}

describe('BroadcastOffsets', () => {
  it('commits how far the slowest member is, queue by queue', () => {
    const { broadcasts, note, committed } = world();
    note('fast', 0, 100);
    note('slow', 0, 40);
    note('slow', 1, 7);
    broadcasts.scan();
    expect([committed(0), committed(1)]).toEqual([40, 7]);
    note('slow', 0, 90);
    broadcasts.scan();
    expect(committed(0)).toBe(90);
  });

  it('takes no step back', () => {
    const { broadcasts, note, committed } = world();
    note('one', 0, 50);
    note('one', 0, 10);
    broadcasts.scan();
    expect(committed(0)).toBe(50);
  });

  it('forgets a member that is gone after two minutes, a connected one after five', async () => {
    const { clock, online, broadcasts, note, committed } = world();
    online.add('idle');
    note('idle', 0, 30);
    note('gone', 0, 10);
    await clock.advance(119_999);
    broadcasts.scan();
    expect(committed(0)).toBe(10);
    await clock.advance(1);
    broadcasts.scan();
    expect(committed(0)).toBe(30);
    note('busy', 0, 80);
    await clock.advance(119_999);
    note('busy', 0, 80);
    await clock.advance(60_001);
    broadcasts.scan();
    expect(committed(0)).toBe(80);
  });

  it('remembers a bounded number of queues, and makes room when clients go', async () => {
    const { clock, broadcasts, note, committed } = world();
    for (let queueId = 0; queueId < 50_001; queueId++) note('many', queueId, 1);
    broadcasts.scan();
    expect([committed(49_999), committed(50_000)]).toEqual([1, undefined]);
    await clock.advance(120_000);
    broadcasts.scan();
    note('new', 50_000, 3);
    broadcasts.scan();
    expect(committed(50_000)).toBe(3);
  });

  it('looks every five seconds once started', async () => {
    const { clock, broadcasts, note, committed } = world();
    broadcasts.start();
    note('one', 0, 5);
    await clock.advance(5_000);
    expect(committed(0)).toBe(5);
    broadcasts.stop();
    note('one', 0, 6);
    await clock.advance(10_000);
    expect(committed(0)).toBe(5);
  });
});
