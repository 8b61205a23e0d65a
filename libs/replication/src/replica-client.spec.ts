import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MIB } from '@rocketmq-ts/kernel';
import type { NetworkSocket } from '@rocketmq-ts/kernel';
import { MemoryLog } from '../test/memory-log.js';
import { HA_PORT, RawHaPeer, SimulatedPair } from '../test/simulated-pair.js';
import { encodeFrameHeader, encodeReport } from './ha-frame.js';
import type { ReplicaClientOptions } from './replica-client.js';

const fill = (log: MemoryLog, count: number, mark = 'message'): void => {
  for (let i = 0; i < count; i++) log.append(`${mark} ${i}`);
};

describe('ReplicaClient', () => {
  let master: MemoryLog;
  let slave: MemoryLog;
  let pair: SimulatedPair;

  beforeEach(() => {
    master = new MemoryLog();
    slave = new MemoryLog();
    pair = new SimulatedPair(master);
  });

  const follow = async (options: ReplicaClientOptions = {}, ms = 100): Promise<void> => {
    pair.follow(slave, options);
    await pair.clock.advance(ms);
  };

  describe('under a master of ours', () => {
    beforeEach(() => pair.listen());
    afterEach(() => pair.stop());

    it('copies the whole log, also one whose first files are gone, and then what is appended', async () => {
      fill(master, 200);
      master.expire(2_048);
      await follow();
      fill(master, 100, 'more');
      await pair.clock.advance(100);
      expect(slave.minOffset).toBe(2_048);
      expect(slave.content).toEqual(master.content);
      expect(pair.policy.copiedOffset).toBe(master.endOffset);
      expect(pair.client!.status).toMatchObject({ state: 'STREAMING', problem: undefined });
    });

    it('answers a write with one report, one round trip later', async () => {
      await follow();
      const before = pair.policy.copiedOffset;
      master.append('a', 'b', 'c');
      await pair.clock.settle();
      expect(before).toBe(0);
      expect(pair.policy.copiedOffset).toBe(master.endOffset);
    });

    it('reports what is flushed where that is asked for, and starts where the log ends', async () => {
      fill(master, 10);
      slave = master.copyUpTo(master.endOffset);
      await follow({ ack: 'flushed' });
      expect(pair.policy.copiedOffset).toBe(0);
      slave.flush();
      await pair.clock.advance(1);
      expect(pair.policy.copiedOffset).toBe(master.endOffset);
    });

    it('lets the master wait while the store does not keep up, and loses nothing', async () => {
      await follow();
      slave.refusal = { reason: 'BUSY' };
      fill(master, 300);
      await pair.clock.advance(30_000);
      expect(slave.isEmpty).toBe(true);
      expect(pair.client!.status).toMatchObject({ state: 'STREAMING', heldBackBy: 'BUSY' });
      slave.goOn();
      await pair.clock.advance(100);
      expect(slave.content).toEqual(master.content);
    });

    it('takes a few MiB at most ahead of its disk, and goes on as soon as that has written them', async () => {
      await pair.stop();
      [master, slave] = [new MemoryLog(MIB), new MemoryLog(MIB)];
      pair = new SimulatedPair(master);
      await pair.listen();
      await follow();
      slave.stick();
      for (let i = 0; i < 120; i++) master.append(Buffer.alloc(100_000, i));
      await pair.clock.advance(10_000);
      expect(slave.endOffset).toBeGreaterThan(4 * MIB);
      expect(slave.endOffset).toBeLessThan(6 * MIB);
      expect(pair.client!.status.state).toBe('STREAMING');
      slave.unstick();
      await pair.clock.advance(100);
      expect(slave.content.equals(master.content)).toBe(true);
    });

    it('comes back by itself after a reset, and after a half-open connection', async () => {
      await follow();
      fill(master, 50);
      await pair.clock.advance(10);
      pair.network.sockets.at(-1)!.destroy(new Error('reset'));
      fill(master, 50);
      await pair.clock.advance(1_000);
      expect(slave.content).toEqual(master.content);
      for (const socket of pair.network.sockets) socket.halfOpen = true;
      fill(master, 50);
      await pair.clock.advance(30_000);
      expect(slave.content).toEqual(master.content);
      expect(pair.client!.status.connects).toBe(3);
    });

    it('H6: refuses a master of another group, or with files of another size', async () => {
      pair.lie = { brokerName: 'b' };
      await follow();
      expect(pair.client!.status).toMatchObject({ state: 'REFUSED' });
      pair.client!.stop();
      pair.lie = { segmentSizeBytes: 4_096 };
      await follow();
      expect(pair.client!.status.problem).toContain('mappedFileSizeCommitLog');
      expect(pair.acceptor.replicas).toEqual([]);
    });

    it('H7: refuses a master that was replaced', async () => {
      pair.knownEpoch = 2;
      await follow();
      expect(pair.client!.status.problem).toContain('it was replaced');
    });

    it('P19: refuses to go on from a history of its own, with the place, and takes nothing', async () => {
      fill(master, 20);
      slave = master.copyUpTo(master.endOffset);
      const common = slave.endOffset;
      fill(slave, 3, 'own');
      fill(master, 10, 'theirs');
      const before = slave.content;
      await follow({}, 60_000);
      expect(slave.content).toEqual(before);
      expect(pair.client!.status).toMatchObject({ state: 'REFUSED' });
      expect(pair.client!.status.problem).toContain(`equal up to ${common}`);
      // It stays refused while it asks again.
      const refused = new Set<boolean>();
      for (let step = 0; step < 700; step++) {
        await pair.clock.advance(10);
        refused.add(pair.client!.status.refused);
      }
      expect([...refused]).toEqual([true]);
      expect(pair.logger.count('error')).toBe(1);
      pair.client!.stop();
      await follow({ diverged: 'truncate' });
      await follow({ diverged: 'reseed' });
      expect(pair.repairs).toEqual([{ kind: 'TRUNCATE', offset: common }, { kind: 'RESEED' }]);
      expect(pair.client!.status.state).toBe('REPAIR');
    });

    it('refuses, or copies anew, where its end is gone from the master; cutting does not help', async () => {
      fill(master, 200);
      slave = master.copyUpTo(master.boundaries()[5]!);
      master.expire(2_048);
      await follow({ diverged: 'truncate' });
      expect(pair.client!.status.state).toBe('REFUSED');
      pair.client!.stop();
      await follow({ diverged: 'reseed' });
      expect(pair.repairs).toEqual([{ kind: 'RESEED' }]);
    });
  });

  describe('under an Apache master', () => {
    beforeEach(async () => {
      await pair.listen();
      pair.apache = {
        describe: () => Promise.resolve(master),
        recordAt: (offset) => master.recordAt(offset),
      };
    });
    afterEach(() => pair.stop());

    it('copies the whole log, fetching the first record so that the stream begins behind it', async () => {
      fill(master, 200);
      await follow();
      expect(pair.acceptor.replicas).toMatchObject([{ startOffset: master.boundaries()[1] }]);
      expect(slave.content).toEqual(master.content);
      expect(pair.client!.status).toMatchObject({ ownMaster: false, state: 'STREAMING' });
    });

    it('begins an empty pair together, and at the first file that there is', async () => {
      await follow();
      fill(master, 100);
      await pair.clock.advance(100);
      expect(slave.content).toEqual(master.content);
      pair.client!.stop();
      master.expire(1_024);
      slave = new MemoryLog();
      await follow();
      expect(slave.content).toEqual(master.content);
    });

    it('refuses to be ahead, or to have another last record', async () => {
      fill(master, 5);
      slave = master.copyUpTo(master.endOffset);
      fill(slave, 1);
      await follow();
      expect(pair.client!.status.state).toBe('REFUSED');
      pair.client!.stop();
      fill(master, 5, 'another');
      await follow();
      expect(pair.client!.status.state).toBe('REFUSED');
      expect(pair.acceptor.replicas).toEqual([]);
    });
  });

  describe('H5: a master that sends what it must not', () => {
    let peer: RawHaPeer;

    beforeEach(async () => {
      fill(master, 3);
      await pair.network.listen({ host: '', port: HA_PORT }, (socket: NetworkSocket) => {
        peer = new RawHaPeer();
        peer.socket = socket;
        return peer;
      });
      pair.apache = {
        describe: () =>
          Promise.resolve({ ...master, minOffset: 0, writtenOffset: 0, segmentSizeBytes: 1_024 }),
        recordAt: () => Promise.resolve(undefined),
      };
      await follow({ frameBytesMax: 1_000 });
    });
    afterEach(() => pair.client!.stop());

    it("reports with Apache's bytes", () => {
      expect(peer.received.toString('hex')).toBe('0000000000000000');
    });

    const garbage: [string, Buffer][] = [
      ['a negative length', encodeFrameHeader(0, -1)],
      ['a length above the limit', encodeFrameHeader(0, 1_001)],
      ['a wrong offset', encodeFrameHeader(8, 0)],
      ['no offset at all', Buffer.alloc(12, 0x7f)],
      ['no record', Buffer.concat([encodeFrameHeader(0, 100), Buffer.alloc(100, 0xaa)])],
      ['a flood of heartbeats', Buffer.concat(Array<Buffer>(200).fill(encodeFrameHeader(0, 0)))],
    ];
    it.each(garbage)('%s: closed, an alarm, and nothing of it in the log', async (_name, bytes) => {
      peer.send(bytes);
      await pair.clock.advance(100);
      expect(peer.closed).toBe(true);
      expect(slave.isEmpty).toBe(true);
      expect(pair.client!.status).toMatchObject({ state: 'WAITING', protocolErrors: 1 });
      expect(pair.logger.count('error')).toBe(1);
    });

    it('a frame that spans two files: closed', async () => {
      const filled = master.copyUpTo(0);
      filled.append(Buffer.alloc(800));
      peer.send(Buffer.concat([encodeFrameHeader(0, 816), filled.content]));
      peer.send(encodeFrameHeader(816, 300));
      await pair.clock.advance(100);
      expect(slave.endOffset).toBe(816);
      expect(peer.closed).toBe(true);
    });

    it('whole records in front of what is torn stay, and the rest comes again', async () => {
      const torn = master.content.subarray(0, master.content.length - 3);
      peer.send(Buffer.concat([encodeFrameHeader(0, torn.length), torn]));
      await pair.clock.advance(100);
      peer.socket.destroy();
      await pair.clock.advance(1_000);
      expect(slave.endOffset).toBe(master.boundaries()[2]);
      expect(pair.client!.status.state).not.toBe('STOPPED');
    });

    it('says nothing: the connection ends after the silence that is allowed', async () => {
      const first = peer;
      await pair.clock.advance(22_000);
      expect(first.received).toEqual(Buffer.concat(Array<Buffer>(5).fill(encodeReport(0))));
      expect(first.closed).toBe(true);
    });
  });
});
