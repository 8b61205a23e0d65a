import { describe, expect, it } from '@jest/globals';
import { InvariantError } from '@rocketmq-ts/kernel';
import {
  FrameFlag,
  LanguageCode,
  MalformedBodyError,
  MalformedHeaderError,
  PeerVersion,
  notSupported,
  ResponseCode,
  SerializeType,
} from '@rocketmq-ts/protocol';
import { requestBytes } from '@rocketmq-ts/testing';
import { DuplicateHandlerError, ResponseError } from './remoting-errors.js';
import { ECHO, HOLD, started } from '../test/started-server.js';

const FAIL = 902;

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

  it('closes a connection whose answer is written in the turn in which the drain looks', async () => {
    const { world, server } = await started();
    const peer = await world.peer();
    await world.settle();
    const [connection] = server.connections;
    const draining = server.drain(5_000);
    for (let i = 0; i < 20; i++) await Promise.resolve(); // the ports are closed, the turn is not over
    connection!.answer(7, ResponseCode.SUCCESS);
    await world.settle();
    expect(peer.opaques).toEqual([7]);
    expect(peer.closed).toBe(true);
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
