import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryLog } from '../test/memory-log.js';
import { SimulatedPair } from '../test/simulated-pair.js';
import { encodeReport } from './ha-frame.js';

const RAW_MINUS_TWO_63 = Buffer.from('8000000000000000', 'hex');
const RAW_LONG_MAX = Buffer.from('7fffffffffffffff', 'hex');

describe('ReplicationAcceptor', () => {
  let log: MemoryLog;
  let pair: SimulatedPair;

  beforeEach(() => {
    log = new MemoryLog();
    pair = new SimulatedPair(log);
  });

  afterEach(async () => {
    await pair.stop();
    expect(log.held).toBe(0);
  });

  it("speaks Apache's bytes: silent until the report, then offset, length and log", async () => {
    await pair.listen();
    log.append('hello');
    const peer = await pair.rawPeer();
    await pair.clock.advance(4_000);
    expect(peer.received.length).toBe(0);
    peer.send(Buffer.from('0000000000000000', 'hex'));
    await pair.clock.settle();
    expect(peer.received.subarray(0, 12).toString('hex')).toBe('000000000000000000000015');
    expect(peer.received.subarray(12)).toEqual(log.content);
    peer.received = Buffer.alloc(0);
    await pair.clock.advance(6_000);
    expect(peer.received.toString('hex')).toBe('000000000000001500000000');
  });

  it('sends what is written in the tick of the write, in frames of one file and 32 KiB at most', async () => {
    log = new MemoryLog(100_000);
    pair = new SimulatedPair(log);
    await pair.listen();
    const peer = await pair.rawPeer();
    peer.send(encodeReport(0));
    await pair.clock.settle();
    log.append(Buffer.alloc(70_000), Buffer.alloc(70_000));
    await pair.clock.settle();
    const sizes: number[] = [];
    const bodies: Buffer[] = [];
    for (let at = 0; at < peer.received.length;) {
      const size = peer.received.readInt32BE(at + 8);
      sizes.push(size);
      bodies.push(peer.received.subarray(at + 12, at + 12 + size));
      at += 12 + size;
    }
    expect(sizes).toEqual([32_768, 32_768, 32_768, 1_696, 32_768, 32_768, 4_480]);
    expect(Buffer.concat(bodies)).toEqual(log.content);
  });

  it('starts an empty Apache slave at the beginning of the log', async () => {
    await pair.listen();
    for (let i = 0; i < 100; i++) log.append(`message ${i}`);
    log.expire(1_024);
    const peer = await pair.rawPeer();
    peer.send(encodeReport(0));
    await pair.clock.settle();
    expect(peer.received.subarray(0, 8)).toEqual(encodeReport(1_024));
  });

  it('H1: refuses whom haPeers does not name', async () => {
    await pair.listen({ peers: { allows: ({ remoteAddress }) => remoteAddress === '10.0.0.8' } });
    const stranger = await pair.rawPeer('10.0.0.7');
    const slave = await pair.rawPeer('10.0.0.8');
    expect([stranger.closed, slave.closed]).toEqual([true, false]);
    expect(pair.acceptor.counters.refusedConnections).toBe(1);
  });

  describe('H2: offsets that cannot be', () => {
    const after = (first: number, second: number): Buffer =>
      Buffer.concat([encodeReport(first), encodeReport(second)]);
    const lies: [string, Buffer][] = [
      ['above the end of the log', encodeReport(1_000)],
      ['Long.MAX', RAW_LONG_MAX],
      ['Long.MIN', RAW_MINUS_TWO_63],
      ['−1', encodeReport(-1)],
      ['a ticket that nobody has', encodeReport(-123_456)],
      ['backwards', after(17, 16)],
      ['above the end later', after(17, 1_000)],
      ['negative later', after(17, -5)],
    ];
    it.each(lies)('%s: closed with an alarm, and it never counts', async (_name, bytes) => {
      await pair.listen();
      log.append('a', 'b');
      const peer = await pair.rawPeer();
      peer.send(bytes);
      await pair.clock.settle();
      expect(peer.closed).toBe(true);
      expect(pair.acceptor.counters.protocolErrors).toBe(1);
      expect(pair.logger.lines.some(({ event }) => event === 'slave cut off')).toBe(true);
      expect(pair.policy).toMatchObject({ copiedOffset: -1, available: false });
    });
  });

  it('H2: a slave older than the log is closed', async () => {
    await pair.listen();
    for (let i = 0; i < 100; i++) log.append(`message ${i}`);
    log.expire(1_024);
    const peer = await pair.rawPeer();
    peer.send(encodeReport(17));
    await pair.clock.settle();
    expect(peer.closed).toBe(true);
  });

  it('H3: of two connections of one slave the newest counts, and only it', async () => {
    await pair.listen({}, { inSyncReplicas: 3 });
    log.append('a');
    const connect = async () => {
      const peer = await pair.rawPeer();
      const ticket = pair.acceptor.issueTicket({ brokerId: 3, address: 'slave:3' });
      peer.send(Buffer.concat([encodeReport(ticket), encodeReport(17), encodeReport(17)]));
      await pair.clock.settle();
      return peer;
    };
    const first = await connect();
    const second = await connect();
    expect([first.closed, second.closed]).toEqual([true, false]);
    expect(pair.policy.status.inSyncCopies).toBe(2);
    expect(pair.acceptor.replicas).toHaveLength(1);
    expect(pair.acceptor.counters.replacedConnections).toBe(1);
  });

  it('H3: serves two slaves of Apache on one address, and counts them as one copy', async () => {
    await pair.listen({}, { inSyncReplicas: 3 });
    log.append('a', 'b');
    const end = log.writtenOffset;
    const [near, far] = [await pair.rawPeer(), await pair.rawPeer()];
    near.send(encodeReport(17));
    far.send(encodeReport(end));
    await pair.clock.settle();
    expect([near.closed, far.closed]).toEqual([false, false]);
    expect(pair.acceptor.replicas).toHaveLength(2);
    expect(pair.policy.status.inSyncCopies).toBe(2);
    expect(pair.policy.copiedOffset).toBe(-1);
    const elsewhere = await pair.rawPeer('10.0.0.77');
    elsewhere.send(encodeReport(17));
    await pair.clock.settle();
    expect(pair.policy.copiedOffset).toBe(17);
  });

  it('H4: holds eight connections, and none that drips', async () => {
    await pair.listen();
    const peers = [];
    for (let i = 0; i < 10; i++) peers.push(await pair.rawPeer(`10.0.0.${i}`));
    expect(peers.map(({ closed }) => closed)).toEqual([...Array(8).fill(false), true, true]);
    for (let second = 0; second < 7; second++) {
      for (const peer of peers.slice(0, 8)) peer.send(Buffer.alloc(1));
      await pair.clock.advance(1_500);
    }
    await pair.clock.advance(1_500);
    // Seven bytes are no report, however slowly they come.
    expect(peers.every(({ closed }) => closed)).toBe(true);
    expect(pair.acceptor.counters.silentPeers).toBe(8);
  });

  it('closes a slave that is silent, and one that says nothing whole', async () => {
    await pair.listen();
    const peer = await pair.rawPeer();
    peer.send(encodeReport(0));
    await pair.clock.advance(15_000);
    peer.send(Buffer.alloc(7));
    expect(peer.closed).toBe(false);
    await pair.clock.advance(7_000);
    expect(peer.closed).toBe(true);
    expect(pair.policy.status.inSyncCopies).toBe(1);
  });

  it('bounds what waits for a slave that does not read, and gives all memory back when it goes', async () => {
    log = new MemoryLog(1024 * 1024);
    pair = new SimulatedPair(log);
    await pair.listen();
    const peer = await pair.rawPeer();
    peer.send(encodeReport(0));
    await pair.clock.settle();
    peer.socket.pause();
    for (let i = 0; i < 12; i++) log.append(Buffer.alloc(900_000, i));
    await pair.clock.settle();
    const [status] = pair.acceptor.replicas;
    expect(status!.sentOffset).toBeLessThan(4.3 * 1024 * 1024);
    expect(log.held).toBeGreaterThan(0);
    peer.socket.destroy();
    await pair.clock.settle();
    expect(log.held).toBe(0);
  });

  it('lets a ticket in once, for its slave, and within its time', async () => {
    await pair.listen();
    log.append('a');
    const ticket = pair.acceptor.issueTicket({ brokerId: 7, address: 'slave:1' });
    const late = pair.acceptor.issueTicket({ brokerId: 8, address: 'slave:2' });
    const peer = await pair.rawPeer();
    peer.send(Buffer.concat([encodeReport(ticket), encodeReport(0)]));
    await pair.clock.settle();
    // Where it starts is not yet what it has.
    expect(pair.acceptor.replicas).toMatchObject([{ brokerId: 7, ackedOffset: -1, inSync: false }]);
    peer.send(encodeReport(17));
    await pair.clock.settle();
    expect(pair.acceptor.replicas).toMatchObject([{ ackedOffset: 17, inSync: true }]);
    const again = await pair.rawPeer();
    again.send(encodeReport(ticket));
    await pair.clock.advance(31_000);
    const tooLate = await pair.rawPeer();
    tooLate.send(encodeReport(late));
    await pair.clock.settle();
    expect([again.closed, tooLate.closed]).toEqual([true, true]);
  });
});
