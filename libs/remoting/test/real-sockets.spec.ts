import { afterEach, describe, expect, it } from '@jest/globals';
import { NodeClock, NodeNetwork, type ReadMethod } from '@rocketmq-ts/platform';
import { PeerVersion, ResponseCode } from '@rocketmq-ts/protocol';
import { RawPeer, RecordingLogger, requestBytes } from '@rocketmq-ts/testing';
import { RemotingServer } from '../src/remoting-server.js';
import type { RemotingLimits } from '../src/remoting-limits.js';

const ECHO = 900;
const LARGE = 901;
const LATER = 902;
const LARGE_BODY = Buffer.alloc(64 * 1024, 'x');

const clock = new NodeClock();
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function started(limits: Partial<RemotingLimits> = {}, readMethod?: ReadMethod) {
  const network = new NodeNetwork(readMethod ? { readMethod } : {});
  const logger = new RecordingLogger();
  const server = new RemotingServer({
    network,
    clock,
    logger,
    limits,
    listeners: [{ name: 'main', host: '127.0.0.1', port: 0 }],
  });
  server.route(ECHO, (frame, connection) => {
    connection.answer(frame, ResponseCode.SUCCESS, undefined, undefined, frame.body);
  });
  server.route(LARGE, (frame, connection) => {
    connection.answer(frame, ResponseCode.SUCCESS, undefined, undefined, LARGE_BODY);
  });
  await server.listen();
  stops.push(() => server.drain(0));
  const connect = async (): Promise<RawPeer> => {
    const peer = new RawPeer();
    const { port } = server.address('main')!;
    peer.socket = await network.connect({ host: '127.0.0.1', port, timeoutMs: 5_000 }, () => peer);
    stops.push(() => peer.socket.destroy());
    return peer;
  };
  return { server, connect, logger };
}

describe.each<ReadMethod>(['reused-buffer', 'events'])(
  'Remoting over real sockets (%s)',
  (method) => {
    it('echoes frames of all sizes on several connections at once', async () => {
      const { connect } = await started({}, method);
      const peers = await Promise.all([connect(), connect(), connect()]);
      const sizes = Array.from({ length: 300 }, (_, i) => (i * i * 37) % 70_000);
      for (const [p, peer] of peers.entries()) {
        sizes.forEach((size, i) =>
          peer.send({ code: ECHO, opaque: i, body: Buffer.alloc(size, i + p) }),
        );
      }
      for (const [p, peer] of peers.entries()) {
        await peer.until(({ frames }) => frames.length === sizes.length);
        peer.frames.forEach(({ opaque, body }, i) => {
          expect(opaque).toBe(i);
          expect(body.equals(Buffer.alloc(sizes[i]!, i + p))).toBe(true);
        });
      }
    });
  },
);

describe('Remoting over real sockets', () => {
  it('keeps its memory within bounds when peers ask for 128 MiB and do not read', async () => {
    const { server, connect } = await started({
      unsentBytesMax: 1 << 30,
      unsentBytesTotalMax: 1 << 30,
    });
    const before = process.memoryUsage();
    const peers = await Promise.all(Array.from({ length: 4 }, connect));
    const request = Buffer.concat(
      Array.from({ length: 500 }, (_, opaque) => requestBytes({ code: LARGE, opaque })),
    );
    for (const peer of peers) {
      peer.socket.pause();
      peer.sendBytes(request);
    }
    while (server.stats.readingPauses < 4) await turn();
    for (let i = 0; i < 50; i++) await turn();
    const held = server.stats.unsentBytesNow;
    const grewBy = process.memoryUsage().arrayBuffers - before.arrayBuffers;
    // Each may hold the limit of 512 KiB and what one turn adds to it before that shows.
    expect(held).toBeLessThan(4 * 1024 * 1024);
    expect(grewBy).toBeLessThan(16 * 1024 * 1024);
    for (const peer of peers) peer.socket.resume();
    for (const peer of peers) await peer.until(({ frames }) => frames.length === 500);
    for (const peer of peers) peer.socket.destroy();
    while (server.connections.size > 0) await turn();
    expect(server.stats.unsentBytesNow).toBe(0);
  });

  it('closes what comes beyond its connections, serves the others, and takes new ones later', async () => {
    const { server, connect } = await started({ connectionCountMax: 100 });
    const peers: RawPeer[] = [];
    for (let round = 0; round < 4; round++) {
      peers.push(...(await Promise.all(Array.from({ length: 100 }, connect))));
    }
    const closed = (): number => peers.filter((peer) => peer.closed).length;
    while (closed() < 300) await turn();
    expect(server.stats).toMatchObject({ connectionsRefused: 300, connectionsOpened: 100 });
    const alive = peers.filter((peer) => !peer.closed);
    for (const peer of alive) peer.send({ code: ECHO, opaque: 1 });
    for (const peer of alive) await peer.until(({ frames }) => frames.length === 1);
    for (const peer of alive) peer.socket.destroy();
    while (server.connections.size > 0) await turn();
    const late = await connect();
    late.send({ code: ECHO, opaque: 2 });
    await late.until(({ frames }) => frames.length === 1);
  });

  it('forgets the half frame of a peer that is gone', async () => {
    const { server, connect } = await started();
    const peer = await connect();
    const frame = requestBytes({ code: ECHO, opaque: 1, body: Buffer.alloc(200_000) });
    peer.sendBytes(frame.subarray(0, 150_000));
    while (server.stats.keptBytesNow < 150_000) await turn();
    peer.socket.destroy();
    while (server.connections.size > 0) await turn();
    expect(server.stats).toMatchObject({ keptBytesNow: 0, malformedStreams: 0 });
  });

  it('loses no answer to a request it has worked on when it drains under load', async () => {
    for (const version of [317, PeerVersion.V5_5_0]) {
      const { server, connect } = await started();
      const worked = new Map<number, number[]>();
      server.route(LATER, (frame, connection) => {
        const { opaque, sizeBytes } = frame;
        const list = worked.get(connection.remotePort) ?? [];
        worked.set(connection.remotePort, [...list, opaque]);
        connection.begin(sizeBytes);
        const answer = (): void => {
          connection.answer(opaque, ResponseCode.SUCCESS, undefined, undefined, LARGE_BODY);
          connection.end(sizeBytes);
        };
        if (opaque % 3 === 0) setImmediate(answer);
        else setTimeout(answer, opaque % 7);
      });
      const peers = await Promise.all(Array.from({ length: 6 }, connect));
      let asked = 0;
      const ask = (peer: RawPeer): void => peer.send({ code: LATER, opaque: ++asked, version });
      for (const peer of peers) {
        for (let i = 0; i < 32; i++) ask(peer);
        void (async () => {
          for (let seen = 0; !peer.closed;) {
            await peer.until(({ frames, closed }) => frames.length > seen || closed);
            for (; seen < peer.frames.length; seen++) ask(peer);
          }
        })();
      }
      await peers[0]!.until(({ frames }) => frames.length > 200);
      const cut = await server.drain(10_000);
      for (const peer of peers) await peer.until(({ closed }) => closed);
      expect(cut).toBe(0);
      let answered = 0;
      for (const peer of peers) {
        const got = peer.frames.filter(({ code }) => code === ResponseCode.SUCCESS);
        const missing = new Set(worked.get(peer.socket.localPort));
        for (const { opaque } of got) missing.delete(opaque);
        expect([...missing]).toEqual([]);
        answered += got.length;
      }
      expect(answered).toBeGreaterThan(300);
      if (version === 317) expect(server.stats.goAways).toBe(0);
      else expect(server.stats.droppedInDrain).toBe(0);
    }
  });
});
