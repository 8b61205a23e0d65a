import { describe, expect, it } from '@jest/globals';
import { SerializeType } from '@rocketmq-ts/protocol';
import { requestBytes } from '@rocketmq-ts/testing';
import { ECHO, HOLD, started } from '../test/started-server.js';

const FAIL = 902;

describe('RemotingServer and hostile bytes', () => {
  const frame = requestBytes({ code: ECHO, opaque: 1, body: Buffer.alloc(300, 'b') });
  const withLength = (length: number): Buffer => {
    const bytes = Buffer.from(frame);
    bytes.writeInt32BE(length, 0);
    return bytes;
  };
  const withHeaderWord = (word: number): Buffer => {
    const bytes = Buffer.from(frame);
    bytes.writeUInt32BE(word >>> 0, 4);
    return bytes;
  };

  it.each<[string, Buffer]>([
    ['a length of 0', withLength(0)],
    ['a length of 3', withLength(3)],
    ['a negative length', withLength(-1)],
    ['a length beyond 16 MiB', withLength(16 * 1024 * 1024 + 1)],
    ['the text of another protocol', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a TLS hello', Buffer.from('160301020001000001fc0303', 'hex')],
    ['a header longer than its frame', withHeaderWord(0xff_ffff)],
    ['an empty header', withHeaderWord(0)],
    ['an unknown serialization', withHeaderWord(0x0700_0010)],
    [
      'a header that is no JSON',
      Buffer.concat([Buffer.from('0000000800000004', 'hex'), Buffer.from('\xff{]!', 'latin1')]),
    ],
    [
      'a header that is an array',
      Buffer.concat([Buffer.from('0000000600000002', 'hex'), Buffer.from('[]')]),
    ],
    ['random bytes', Buffer.from(Array.from({ length: 400 }, (_, i) => (i * 197 + 131) & 0xff))],
  ])('closes a connection that sends %s, and nothing else', async (_name, bytes) => {
    const { world, server, logger } = await started();
    const [bad, good] = [await world.peer(), await world.peer()];
    bad.send({ code: ECHO, opaque: 5 });
    bad.sendBytes(bytes);
    bad.send({ code: ECHO, opaque: 6 });
    good.send({ code: ECHO, opaque: 7 });
    await world.settle();
    expect(bad.closed).toBe(true);
    expect(bad.opaques).not.toContain(6);
    expect(good.opaques).toEqual([7]);
    expect(good.closed).toBe(false);
    expect(server.stats.malformedStreams).toBe(1);
    expect(server.stats.keptBytesNow).toBe(0);
    expect(logger.count('warn')).toBe(1);
    expect(server.connections.size).toBe(1);
  });

  it('closes a connection whose ext fields turn out broken only when a handler asks for them', async () => {
    const { world, server } = await started();
    server.route(FAIL, (request) => void request.ext());
    const peer = await world.peer();
    const bytes = requestBytes({
      code: FAIL,
      opaque: 1,
      ext: new Map([['key', 'value']]),
      serializeType: SerializeType.ROCKETMQ,
    });
    bytes.writeUInt16BE(0xffff, bytes.length - 14); // length of the key
    peer.sendBytes(bytes);
    await world.settle();
    expect(peer.closed).toBe(true);
    expect(server.stats.malformedStreams).toBe(1);
  });

  it('ignores answers to questions it never asked', async () => {
    const { world, server } = await started();
    const peer = await world.peer();
    const answer = requestBytes({ code: 0, opaque: 77 });
    const text = answer.toString('latin1').replace('"flag":0', '"flag":1');
    peer.sendBytes(Buffer.from(text, 'latin1'));
    peer.send({ code: ECHO, opaque: 1 });
    await world.settle();
    expect(peer.opaques).toEqual([1]);
    expect(server.stats.unmatchedAnswers).toBe(1);
    expect(server.stats.requestsIn).toBe(1);
  });

  it('writes a bounded number of lines however many connections misbehave', async () => {
    const { world, server, logger } = await started();
    for (let i = 0; i < 50; i++) (await world.peer()).sendBytes(withLength(-1));
    await world.settle();
    expect(server.stats.malformedStreams).toBe(50);
    expect(logger.count('warn')).toBe(10);
    await world.pass(10);
    (await world.peer()).sendBytes(withLength(-1));
    await world.settle();
    expect(logger.lines.at(-2)!.fields).toEqual({ leftOutCount: 40 });
  });
});

describe('RemotingServer deadlines', () => {
  it('closes a connection whose frame drips, 30 s after its first byte', async () => {
    const { world, server } = await started();
    const peer = await world.peer();
    const bytes = requestBytes({ code: ECHO, opaque: 1, body: Buffer.alloc(1_000) });
    for (let second = 0; second < 30; second++) {
      peer.sendBytes(bytes.subarray(second * 4, second * 4 + 4));
      await world.pass(1);
    }
    expect(peer.closed).toBe(false);
    await world.pass(2);
    expect(peer.closed).toBe(true);
    expect(server.stats.incompleteFrameCloses).toBe(1);
    expect(server.stats.keptBytesNow).toBe(0);
  });

  it('counts the deadline from each frame, not from the connection', async () => {
    const { world } = await started();
    const peer = await world.peer();
    const bytes = requestBytes({ code: ECHO, opaque: 1 });
    // There is always an unfinished frame, but never the same for long.
    peer.sendBytes(bytes.subarray(0, 50));
    for (let second = 0; second < 60; second++) {
      peer.sendBytes(Buffer.concat([bytes.subarray(50), bytes.subarray(0, 50)]));
      await world.pass(1);
    }
    expect(peer.closed).toBe(false);
    expect(peer.frames).toHaveLength(60);
  });

  it('does not count the time in which we do not read', async () => {
    const { world, server, held, release } = await started({ inFlightCountMax: 1 });
    const peer = await world.peer();
    const [connection] = [...server.connections];
    const hold = requestBytes({ code: HOLD, opaque: 1 });
    const echo = requestBytes({ code: ECHO, opaque: 2 });
    connection!.onData(Buffer.concat([hold, echo.subarray(0, 50)]));
    expect(held).toHaveLength(1);
    await world.pass(200);
    expect(peer.closed).toBe(false);
    release(0);
    await world.pass(1);
    peer.sendBytes(echo.subarray(50));
    await world.settle();
    expect(peer.opaques).toEqual([1, 2]);
  });

  it('closes a connection on which nothing moved for 120 s, in either direction', async () => {
    const { world, server } = await started();
    const [silent, asking] = [await world.peer(), await world.peer()];
    for (let i = 0; i < 121; i++) {
      if (i % 60 === 0) asking.send({ code: ECHO, opaque: i });
      await world.pass(1);
    }
    await world.pass(1);
    expect(silent.closed).toBe(true);
    expect(asking.closed).toBe(false);
    expect(server.stats.idleCloses).toBe(1);
  });

  it('does not mind a clock that jumps', async () => {
    const { world } = await started();
    const peer = await world.peer();
    world.clock.stepWallClock(10 * 3_600_000);
    await world.pass(2);
    world.clock.stepWallClock(-20 * 3_600_000);
    await world.pass(2);
    expect(peer.closed).toBe(false);
  });
});

describe('RemotingServer limits on connections', () => {
  it('closes what comes beyond the total and beyond one address, and counts down again', async () => {
    const { world, server, logger } = await started({
      connectionCountMax: 5,
      connectionsPerAddressMax: 3,
    });
    const fromOne = await Promise.all(Array.from({ length: 4 }, () => world.peer('10.0.0.7')));
    await world.settle();
    expect(fromOne.map(({ closed }) => closed)).toEqual([false, false, false, true]);
    const others = await Promise.all(
      ['10.0.0.8', '10.0.0.9', '10.0.1.0'].map((a) => world.peer(a)),
    );
    await world.settle();
    expect(others.map(({ closed }) => closed)).toEqual([false, false, true]);
    expect(server.stats).toMatchObject({ connectionsRefused: 2, connectionsOpened: 5 });
    expect(logger.lines.map(({ fields }) => fields?.['reason'])).toEqual([
      'connectionsPerAddressMax=3',
      'connectionCountMax=5',
    ]);
    fromOne[0]!.socket.destroy();
    await world.settle();
    const again = await world.peer('10.0.0.7');
    again.send({ code: ECHO, opaque: 1 });
    await world.settle();
    expect(again.opaques).toEqual([1]);
  });

  it('tells its listeners of every connection that closed, once, with the reason', async () => {
    const { world, server } = await started();
    const closed: [number, string][] = [];
    server.onConnectionClosed((connection, reason) => closed.push([connection.id, reason]));
    server.onConnectionClosed(() => {
      throw new Error('a listener that fails');
    });
    const peers = [await world.peer(), await world.peer(), await world.peer()];
    const [first, second, third] = [...server.connections];
    peers[0]!.socket.end();
    second!.close('enough');
    peers[2]!.sendBytes(Buffer.alloc(8));
    await world.settle();
    expect(closed.sort()).toEqual([
      [first!.id, 'closed by the peer'],
      [second!.id, 'enough'],
      [third!.id, 'malformed frame'],
    ]);
    expect(server.connections.size).toBe(0);
  });
});

describe('RemotingServer back-pressure', () => {
  it('stops reading a connection with too many requests in work, and goes on at half', async () => {
    const { world, server, held, release } = await started({ inFlightCountMax: 8 });
    const peer = await world.peer();
    for (let opaque = 0; opaque < 200; opaque++) {
      peer.send({ code: HOLD, opaque, body: Buffer.alloc(2_000) });
    }
    await world.settle();
    expect(held).toHaveLength(8);
    expect(peer.socket.unsentBytes).toBeGreaterThan(100_000);
    expect(server.stats.readingPauses).toBe(1);
    const other = await world.peer();
    other.send({ code: ECHO, opaque: 1 });
    await world.settle();
    expect(other.opaques).toEqual([1]);
    for (let round = 0; held.length > 0; round++) {
      while (held.length > 0) release(0);
      await world.settle();
    }
    expect(peer.frames).toHaveLength(200);
    expect(server.stats).toMatchObject({ inFlightNow: 0, inFlightBytesNow: 0 });
  });

  it('stops reading connections that bring bytes beyond the budget of all of them', async () => {
    const { world, server, held, release } = await started({ inFlightBytesMax: 50_000 });
    const peers = [await world.peer(), await world.peer()];
    for (const peer of peers) {
      for (let opaque = 0; opaque < 50; opaque++) {
        peer.send({ code: HOLD, opaque, body: Buffer.alloc(5_000) });
      }
    }
    await world.settle();
    expect(server.stats.inFlightBytesNow).toBeGreaterThan(50_000);
    expect(server.stats.inFlightBytesNow).toBeLessThan(70_000);
    while (held.length > 0) {
      release(0);
      await world.settle();
    }
    expect(peers.map(({ frames }) => frames.length)).toEqual([50, 50]);
    expect(server.stats.inFlightBytesNow).toBe(0);
  });

  it('does not read requests of a peer that does not read its answers', async () => {
    const { world, server } = await started({ unsentPauseBytes: 100_000 });
    const peer = await world.peer();
    peer.socket.pause();
    for (let opaque = 0; opaque < 500; opaque++) {
      peer.send({ code: ECHO, opaque, body: Buffer.alloc(10_000, opaque) });
    }
    await world.settle();
    // 5 MB were asked for; what is held is the limit and the answer that passed it.
    expect(server.stats.unsentBytesNow).toBeGreaterThan(100_000);
    expect(server.stats.unsentBytesNow).toBeLessThan(115_000);
    peer.socket.resume();
    await world.settle();
    expect(peer.opaques).toEqual(Array.from({ length: 500 }, (_, i) => i));
    expect(server.stats.unsentBytesNow).toBe(0);
  });

  it('closes a peer that asks for more than the hard cap without reading', async () => {
    const { world, server, logger } = await started({ unsentBytesMax: 300_000 });
    const peer = await world.peer();
    const [connection] = [...server.connections];
    peer.socket.pause();
    for (let i = 0; i < 20; i++) {
      connection!.answer(i, 0, undefined, undefined, Buffer.alloc(50_000));
      await world.settle();
    }
    expect(connection!.closed).toBe(true);
    expect(server.stats).toMatchObject({ slowReaderCloses: 1, unsentBytesNow: 0 });
    expect(logger.count('warn')).toBe(1);
  });

  it('lets one answer be larger than the cap', async () => {
    const { world, server } = await started({ unsentBytesMax: 300_000 });
    const peer = await world.peer();
    const [connection] = [...server.connections];
    connection!.answer(1, 0, undefined, undefined, Buffer.alloc(2_000_000, 'x'));
    await world.settle();
    expect(peer.frames[0]!.bodySizeBytes).toBe(2_000_000);
  });

  it('closes a peer that reads nothing at all for a minute, and not one that reads slowly', async () => {
    const { world, server } = await started();
    const [stuck, slow] = [await world.peer(), await world.peer()];
    for (const peer of [stuck, slow]) {
      peer.socket.pause();
      for (let i = 0; i < 30; i++) peer.send({ code: ECHO, opaque: i, body: Buffer.alloc(30_000) });
    }
    await world.settle();
    for (let second = 0; second < 63; second++) {
      // A second of time, of which the slow one reads for a moment.
      if (second % 20 === 10) {
        slow.socket.resume();
        world.clock.afterTick(() => slow.socket.pause());
      }
      await world.pass(1);
    }
    expect(stuck.closed).toBe(true);
    expect(slow.closed).toBe(false);
    expect(server.stats.slowReaderCloses).toBe(1);
  });

  it('closes the worst reader when all of them together hold too much', async () => {
    const { world, server } = await started({
      unsentBytesTotalMax: 600_000,
      unsentPauseBytes: 1e9,
    });
    const peers = [await world.peer(), await world.peer(), await world.peer()];
    const connections = [...server.connections];
    for (const peer of peers) peer.socket.pause();
    connections[0]!.answer(1, 0, undefined, undefined, Buffer.alloc(250_000));
    connections[1]!.answer(1, 0, undefined, undefined, Buffer.alloc(350_000));
    await world.settle();
    expect(server.stats.slowReaderCloses).toBe(0);
    connections[2]!.answer(1, 0, undefined, undefined, Buffer.alloc(250_000));
    await world.settle();
    expect(connections.map(({ closed }) => closed)).toEqual([false, true, false]);
    expect(server.stats.unsentBytesNow).toBeLessThan(600_000);
  });

  it('closes the oldest unfinished frame when all of them together hold too much', async () => {
    const { world, server } = await started({ partialBytesMax: 100_000 });
    const bytes = requestBytes({ code: ECHO, opaque: 1, body: Buffer.alloc(60_000) });
    const peers = [];
    for (let i = 0; i < 3; i++) {
      const peer = await world.peer();
      peers.push(peer);
      peer.sendBytes(bytes.subarray(0, 45_000));
      await world.pass(1);
    }
    expect(peers.map(({ closed }) => closed)).toEqual([true, false, false]);
    expect(server.stats.keptBytesNow).toBe(90_000);
    expect(server.stats.incompleteFrameCloses).toBe(1);
  });

  it('closes the connection that keeps most when requests of paused ones take too much memory', async () => {
    const request = requestBytes({ code: HOLD, opaque: 1 });
    const requests = (count: number): Buffer =>
      Buffer.concat(new Array<Buffer>(count).fill(request));
    const { world, server, held } = await started({
      inFlightCountMax: 1,
      partialBytesMax: 20 * request.length,
    });
    for (let i = 0; i < 3; i++) await world.peer();
    const [few, most, some] = [...server.connections];
    few!.onData(requests(4));
    most!.onData(requests(12));
    expect(held).toHaveLength(2);
    expect(server.stats.keptBytesNow).toBe(14 * request.length);
    some!.onData(requests(9));
    expect([few, most, some].map((connection) => connection!.closed)).toEqual([false, true, false]);
    expect(server.stats.keptBytesNow).toBe(11 * request.length);
    expect(server.stats.incompleteFrameCloses).toBe(1);
    few!.abort('end');
    some!.abort('end');
    expect(server.stats.keptBytesNow).toBe(0);
  });

  it('keeps an announced frame as small as what came of it', async () => {
    const { world, server } = await started({ connectionsPerAddressMax: 2_000 });
    const prefix = Buffer.alloc(9);
    prefix.writeInt32BE(16 * 1024 * 1024, 0);
    prefix.writeInt32BE(200, 4);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 1_000; i++) (await world.peer()).sendBytes(prefix);
    await world.settle();
    expect(server.stats.keptBytesNow).toBe(9_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });
});
