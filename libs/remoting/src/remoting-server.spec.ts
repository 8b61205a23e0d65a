import { describe, expect, it } from '@jest/globals';
import { InvariantError } from '@rocketmq-ts/kernel';
import {
  FrameFlag,
  LanguageCode,
  MalformedBodyError,
  MalformedHeaderError,
  PeerVersion,
  type RemotingFrame,
  notSupported,
  ResponseCode,
  SerializeType,
} from '@rocketmq-ts/protocol';
import { SimulatedServer, requestBytes } from '@rocketmq-ts/testing';
import { DuplicateHandlerError, ResponseError } from './remoting-errors.js';
import type { ServerConnection } from './server-connection.js';

const ECHO = 900;
const HOLD = 901;
const FAIL = 902;

/** A server with a handler that answers with the request's body, and one that keeps what it gets for the test. */
async function started(limits = {}, seed = 1) {
  const world = new SimulatedServer(limits, seed);
  const held: { opaque: number; connection: ServerConnection; frame: RemotingFrame }[] = [];
  world.server.route(ECHO, (frame, connection) => {
    if (!frame.isOneWay)
      connection.answer(frame, ResponseCode.SUCCESS, undefined, undefined, frame.body);
  });
  world.server.route(HOLD, (frame, connection) => {
    connection.begin(frame.sizeBytes);
    held.push({ opaque: frame.opaque, connection, frame: frame.retain() });
  });
  await world.server.listen();
  const release = (index: number, body?: Buffer): void => {
    const [{ opaque, connection, frame }] = held.splice(index, 1) as [(typeof held)[0]];
    connection.answer(opaque, ResponseCode.SUCCESS, undefined, undefined, body);
    connection.end(frame.sizeBytes);
  };
  return { ...world, world, server: world.server, logger: world.logger, held, release };
}

describe('RemotingServer requests', () => {
  it('answers every one of many pipelined requests, however the stream is cut', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { world } = await started({}, seed);
      const peer = await world.peer();
      const bodies = Array.from({ length: 40 }, (_, i) =>
        Buffer.alloc(world.random.below(9_000), i),
      );
      bodies.forEach((body, i) => {
        const serializeType = i % 2 === 0 ? SerializeType.JSON : SerializeType.ROCKETMQ;
        peer.send({ code: ECHO, opaque: i, body, serializeType });
      });
      await world.settle();
      expect(peer.opaques).toEqual(bodies.map((_, i) => i));
      peer.frames.forEach((frame, i) => {
        expect(frame.body.equals(bodies[i]!)).toBe(true);
        expect(frame.serializeType).toBe(i % 2);
      });
    }
  });

  it('lets answers leave in any order, each with the opaque of its request', async () => {
    const { world, held, release } = await started();
    const peer = await world.peer();
    for (let opaque = 1; opaque <= 5; opaque++) peer.send({ code: HOLD, opaque });
    peer.send({ code: ECHO, opaque: 6 });
    await world.settle();
    expect(peer.opaques).toEqual([6]);
    for (const index of [2, 0, 2, 0, 0]) release(index);
    await world.settle();
    expect(peer.opaques).toEqual([6, 3, 1, 5, 2, 4]);
    expect(held).toEqual([]);
  });

  it('sends all answers of a turn in one write', async () => {
    const { world, server } = await started();
    const peer = await world.peer();
    peer.sendBytes(
      Buffer.concat(Array.from({ length: 30 }, (_, i) => requestBytes({ code: ECHO, opaque: i }))),
    );
    await world.settle();
    expect(peer.frames).toHaveLength(30);
    // 30 requests of about 100 bytes arrive in a few chunks.
    expect(server.stats.flushes).toBeLessThanOrEqual(4);
  });

  it('says who it is as Apache 5.5.0 does, in Java, whoever asks', async () => {
    const { world } = await started();
    const peer = await world.peer();
    peer.send({ code: ECHO, opaque: 1, version: 317, languageCode: LanguageCode.GO });
    await world.settle();
    const [answer] = peer.frames;
    expect(answer!.version).toBe(513);
    expect(answer!.languageCode).toBe(LanguageCode.JAVA);
    expect(answer!.flag).toBe(FrameFlag.RESPONSE);
  });

  it('never answers a one-way request, not even a failed or an unknown one', async () => {
    const { world, server } = await started();
    server.route(FAIL, () => {
      throw new Error('broken');
    });
    const peer = await world.peer();
    for (const code of [ECHO, FAIL, 999]) peer.send({ code, opaque: code, oneWay: true });
    peer.send({ code: ECHO, opaque: 1 });
    await world.settle();
    expect(peer.opaques).toEqual([1]);
    expect(server.stats.requestsIn).toBe(4);
    expect(server.stats.handlerFailures).toBe(1);
  });

  it("answers an unknown code with 3 and Apache's remark", async () => {
    const { world, server } = await started();
    const peer = await world.peer();
    peer.send({ code: 12_345, opaque: 1 });
    await world.settle();
    expect(peer.frames[0]).toMatchObject({
      code: ResponseCode.REQUEST_CODE_NOT_SUPPORTED,
      remark: ' request type 12345 not supported',
    });
    expect(server.stats.unsupportedRequests).toBe(1);
  });

  it('says why a code of Apache is not supported', async () => {
    const { world } = await started();
    const peer = await world.peer();
    peer.send({ code: notSupported['UPDATE_AND_CREATE_STATIC_TOPIC']!.code, opaque: 1 });
    await world.settle();
    expect(peer.frames[0]!.remark).toBe(
      ' request type 513 not supported: Static topics spread one queue over brokers; they are not offered.',
    );
  });

  it('gives codes without a handler to the fallback', async () => {
    const { world, server } = await started();
    server.fallback((frame, connection) =>
      connection.answer(frame, ResponseCode.NO_PERMISSION, 'no'),
    );
    const peer = await world.peer();
    peer.send({ code: 12_345, opaque: 1 }, { code: ECHO, opaque: 2 });
    await world.settle();
    expect(peer.frames.map(({ code }) => code)).toEqual([ResponseCode.NO_PERMISSION, 0]);
  });

  it('refuses a second handler for a code', async () => {
    const { server } = await started();
    expect(() => server.route(ECHO, () => undefined)).toThrow(DuplicateHandlerError);
    expect(server.routedCodes).toEqual([ECHO, HOLD]);
  });

  it('counts requests and failures by code', async () => {
    const { world, server } = await started();
    server.route(FAIL, () => {
      throw new Error('broken');
    });
    const peer = await world.peer();
    peer.send({ code: ECHO, opaque: 1 }, { code: ECHO, opaque: 2 }, { code: FAIL, opaque: 3 });
    await world.settle();
    expect([...server.requestCounts()]).toEqual([
      { code: ECHO, requestCount: 2, failureCount: 0 },
      { code: FAIL, requestCount: 1, failureCount: 1 },
    ]);
  });

  it('tells where it listens and through which listener a connection came', async () => {
    const { world, server } = await started();
    await world.peer('::ffff:192.168.1.9');
    await world.peer('fe80::1%eth0');
    const [mapped, v6] = [...server.connections];
    expect(server.address('main')).toMatchObject({ port: 9_876 });
    expect(server.address('fast')).toBeUndefined();
    expect(mapped!.listenerName).toBe('main');
    expect(mapped!.remoteHostPort).toMatch(/^192\.168\.1\.9:\d+$/);
    expect(mapped!.bornHostBytes.subarray(0, 4)).toEqual(Buffer.from([192, 168, 1, 9]));
    expect(mapped!.bornHostBytes.readInt32BE(4)).toBe(mapped!.remotePort);
    expect(v6!.remoteHostPort).toMatch(/^\[fe80::1\]:\d+$/);
    expect(v6!.bornHostBytes).toHaveLength(20);
  });
});

describe('RemotingServer failures of handlers', () => {
  it.each([
    [
      'a ResponseError',
      new ResponseError(ResponseCode.TOPIC_NOT_EXIST, 'no topic t'),
      17,
      'no topic t',
    ],
    [
      'a malformed header',
      new MalformedHeaderError('queueId', 'is missing'),
      1,
      'header field queueId is missing',
    ],
    [
      'a malformed body',
      new MalformedBodyError('a[0].b', 'is no text'),
      1,
      'body field a[0].b is no text',
    ],
    ['any other error', new TypeError('x is not a function'), 1, 'x is not a function'],
    ['what is no error', 'just text', 1, 'just text'],
  ])('answers %s with its code and remark', async (_name, thrown, code, remark) => {
    const { world, server, logger } = await started();
    server.route(FAIL, () => {
      throw thrown as Error; // one row throws what is no error, as libraries may
    });
    const peer = await world.peer();
    peer.send({ code: FAIL, opaque: 7 }, { code: ECHO, opaque: 8 });
    await world.settle();
    expect(peer.frames[0]).toMatchObject({ opaque: 7, code, remark });
    expect(peer.opaques).toEqual([7, 8]);
    const unexpected = !(thrown instanceof Error) || thrown instanceof TypeError;
    expect(server.stats.handlerFailures).toBe(unexpected ? 1 : 0);
    expect(logger.count('error')).toBe(unexpected ? 1 : 0);
  });

  it('sends the header fields of a ResponseError along', async () => {
    const { world, server } = await started();
    server.route(FAIL, () => {
      throw new ResponseError(ResponseCode.PULL_OFFSET_MOVED, 'moved', {
        ext: new Map([['nextBeginOffset', '5']]),
      });
    });
    const peer = await world.peer();
    peer.send({ code: FAIL, opaque: 1 });
    await world.settle();
    expect(peer.frames[0]!.extText('nextBeginOffset')).toBe('5');
  });

  it('does not answer a broken invariant but lets it stop the process', async () => {
    const { world, server } = await started();
    server.route(FAIL, () => {
      throw new InvariantError('I9: never');
    });
    const peer = await world.peer();
    peer.send({ code: FAIL, opaque: 1 });
    await expect(world.settle()).rejects.toThrow('I9: never');
    expect(peer.frames).toEqual([]);
  });

  it('leaves no half frame behind when an answer cannot be written', async () => {
    const { world, server } = await started();
    server.route(FAIL, (frame, connection) => {
      connection.answer(frame, 0, undefined, new Map([['size', 1n as never]]));
    });
    const peer = await world.peer();
    peer.send({ code: ECHO, opaque: 1 }, { code: FAIL, opaque: 2 }, { code: ECHO, opaque: 3 });
    await world.settle();
    expect(peer.opaques).toEqual([1, 2, 3]);
    expect(peer.frames[1]!.code).toBe(ResponseCode.SYSTEM_ERROR);
  });
});

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
    const { world, server } = await started({ connectionCountMax: 5, connectionsPerAddressMax: 3 });
    const fromOne = await Promise.all(Array.from({ length: 4 }, () => world.peer('10.0.0.7')));
    await world.settle();
    expect(fromOne.map(({ closed }) => closed)).toEqual([false, false, false, true]);
    const others = await Promise.all(
      ['10.0.0.8', '10.0.0.9', '10.0.1.0'].map((a) => world.peer(a)),
    );
    await world.settle();
    expect(others.map(({ closed }) => closed)).toEqual([false, false, true]);
    expect(server.stats).toMatchObject({ connectionsRefused: 2, connectionsOpened: 5 });
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

describe('RemotingServer answers in pieces', () => {
  it('sends pieces from where they are, in order with other answers, and gives them back once', async () => {
    const { world, server } = await started();
    const peer = await world.peer();
    const [connection] = [...server.connections];
    const released: string[] = [];
    const pieces = [1, 2, 3].map((fill) => Buffer.alloc(20_000, fill));
    connection!.answer(1, 0);
    connection!.answerPieces(2, { code: 0, ext: new Map([['a', 'b']]) }, pieces, () =>
      released.push('large'),
    );
    connection!.answerPieces(
      { opaque: 3, serializeType: 1 },
      { code: 19, remark: 'r' },
      [Buffer.from('x'), Buffer.from('y')],
      () => released.push('small'),
    );
    connection!.answerPieces(4, { code: 0 }, pieces.slice(0, 1));
    connection!.answer(5, 0);
    // Small pieces are copied, so they are free at once; the others when the system has them.
    expect(released).toEqual(['small']);
    await world.settle();
    expect(released).toEqual(['small', 'large']);
    expect(peer.opaques).toEqual([1, 2, 3, 4, 5]);
    expect(peer.frames[1]!.body.equals(Buffer.concat(pieces))).toBe(true);
    expect(peer.frames[1]!.extText('a')).toBe('b');
    expect(peer.frames[2]).toMatchObject({ code: 19, remark: 'r', serializeType: 1 });
    expect(peer.frames[2]!.body.toString()).toBe('xy');
    expect(peer.frames[3]!.bodySizeBytes).toBe(20_000);
  });

  it('says once when what was written has left, or will not', async () => {
    const { world, server } = await started();
    const peer = await world.peer();
    const [connection] = [...server.connections];
    const told: number[] = [];
    connection!.answer(1, 0, undefined, undefined, Buffer.alloc(200_000));
    connection!.onSent(() => {
      told.push(1);
      // Written from the callback: it must reach the peer whole, too.
      connection!.answer(2, 0, 'from the callback');
    });
    expect(told).toEqual([]);
    await world.settle();
    await world.settle();
    expect(told).toEqual([1]);
    expect(peer.opaques).toEqual([1, 2]);
    expect(peer.frames[1]!.remark).toBe('from the callback');
    peer.socket.pause();
    connection!.answer(3, 0, undefined, undefined, Buffer.alloc(200_000));
    connection!.onSent(() => told.push(3));
    await world.settle();
    expect(told).toEqual([1]);
    peer.socket.destroy();
    await world.settle();
    expect(told).toEqual([1, 3]);
    connection!.answer(4, 0);
    connection!.onSent(() => told.push(4));
    expect(told).toEqual([1, 3, 4]);
  });

  it('gives pieces back when the connection is closed already, or dies', async () => {
    const { world, server } = await started();
    const peer = await world.peer();
    const [connection] = [...server.connections];
    let released = 0;
    peer.socket.pause();
    connection!.answerPieces(1, { code: 0 }, [Buffer.alloc(200_000)], () => released++);
    await world.settle();
    expect(released).toBe(0);
    peer.socket.destroy();
    connection!.answerPieces(2, { code: 0 }, [Buffer.alloc(50_000)], () => released++);
    await world.settle();
    expect(connection!.closed).toBe(true);
    expect(released).toBe(2);
    connection!.answerPieces(3, { code: 0 }, [Buffer.alloc(50_000)], () => released++);
    connection!.answer(4, 0);
    await world.settle();
    connection!.answer(5, 0);
    expect(released).toBe(3);
  });
});

describe('RemotingServer.drain', () => {
  it('answers what is in work, then closes; the port is closed at once', async () => {
    const { world, server, release } = await started();
    const [busy, idle] = [await world.peer(), await world.peer()];
    busy.send({ code: HOLD, opaque: 1 }, { code: HOLD, opaque: 2 });
    await world.settle();
    const draining = server.drain(5_000);
    await world.settle();
    await expect(world.peer()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect([busy.closed, idle.closed]).toEqual([false, true]);
    release(0);
    await world.settle();
    expect(busy.closed).toBe(false);
    release(0);
    await world.settle();
    expect(busy.opaques).toEqual([1, 2]);
    expect(busy.closed).toBe(true);
    expect(await draining).toBe(0);
    expect(server.connections.size).toBe(0);
  });

  it('sends clients newer than 5.3.1 away and leaves the requests of others unworked', async () => {
    const { world, server, held, release } = await started();
    const peers = [await world.peer(), await world.peer()];
    for (const peer of peers) peer.send({ code: HOLD, opaque: 1 });
    await world.settle();
    const draining = server.drain(5_000);
    await world.settle();
    peers[0]!.send({ code: ECHO, opaque: 2, version: PeerVersion.V5_3_1 + 1 });
    peers[1]!.send({ code: ECHO, opaque: 2, version: PeerVersion.V5_3_1 });
    peers[0]!.send({ code: 12_345, opaque: 3, version: PeerVersion.V5_3_1 + 1, oneWay: true });
    await world.settle();
    expect(peers.map(({ frames }) => frames.map(({ code }) => code))).toEqual([
      [ResponseCode.GO_AWAY],
      [],
    ]);
    expect(server.stats).toMatchObject({ goAways: 1, droppedInDrain: 1 });
    while (held.length > 0) release(0);
    await world.settle();
    expect(peers.map(({ opaques }) => opaques)).toEqual([[2, 1], [1]]);
    expect(peers.map(({ closed }) => closed)).toEqual([true, true]);
    expect(await draining).toBe(0);
  });

  it('waits until a slow reader has its answers', async () => {
    const { world, server } = await started();
    const peer = await world.peer();
    peer.socket.pause();
    peer.send({ code: ECHO, opaque: 1, body: Buffer.alloc(400_000, 'x') });
    await world.settle();
    const draining = server.drain(5_000);
    await world.pass(2);
    expect(server.connections.size).toBe(1);
    peer.socket.resume();
    await world.settle();
    expect(peer.frames[0]!.bodySizeBytes).toBe(400_000);
    expect(await draining).toBe(0);
  });

  it('cuts what is not done by the deadline, and says how many', async () => {
    const { world, server } = await started();
    const peers = [await world.peer(), await world.peer(), await world.peer()];
    peers[0]!.send({ code: HOLD, opaque: 1 });
    peers[1]!.send({ code: HOLD, opaque: 1 });
    await world.settle();
    const draining = server.drain(3_000);
    await world.pass(2);
    expect(server.connections.size).toBe(2);
    await world.pass(1);
    expect(await draining).toBe(2);
    expect(peers.map(({ closed }) => closed)).toEqual([true, true, true]);
  });

  it('does not wait long for a peer that does not close its side', async () => {
    const { world, server } = await started();
    const peer = await world.peer();
    world.endOf(peer).halfOpen = true;
    const draining = server.drain(60_000);
    await world.pass(2);
    expect(await draining).toBe(0);
  });

  it('ends at once without connections, and once for all callers', async () => {
    const { world, server } = await started();
    const both = [server.drain(1_000), server.drain(1_000)];
    await world.settle();
    expect(await Promise.all(both)).toEqual([0, 0]);
  });
});
