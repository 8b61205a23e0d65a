import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket, connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { NetworkListener, NetworkSocket, SocketEvents } from '@rocketmq-ts/kernel';
import { ConnectTimeoutError, NodeNetwork, type ReadMethod } from './node-network.js';
import { adoptSocket } from './reused-read-buffer.js';

/** Collects what one end of a connection sees. */
class Recorder implements SocketEvents {
  readonly received: Buffer[] = [];
  drains = 0;
  closes: (Error | undefined)[] = [];
  private wake: (() => void) | undefined;

  onData(chunk: Buffer): void {
    this.received.push(Buffer.from(chunk));
    this.wake?.();
  }
  onDrain(): void {
    this.drains++;
    this.wake?.();
  }
  onClose(error: Error | undefined): void {
    this.closes.push(error);
    this.wake?.();
  }
  get text(): string {
    return Buffer.concat(this.received).toString('latin1');
  }
  get byteCount(): number {
    return this.received.reduce((sum, { length }) => sum + length, 0);
  }
  /** Waits for events, not for time. */
  async until(condition: (seen: this) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>((resolve) => (this.wake = resolve));
  }
}

const open: { listeners: NetworkListener[]; sockets: { destroy(): void }[] } = {
  listeners: [],
  sockets: [],
};
afterEach(async () => {
  for (const socket of open.sockets.splice(0)) socket.destroy();
  for (const listener of open.listeners.splice(0)) await listener.close();
});

interface Pair {
  readonly server: NetworkSocket;
  readonly client: NetworkSocket;
  readonly atServer: Recorder;
  readonly atClient: Recorder;
}

async function connected(network: NodeNetwork): Promise<Pair> {
  const atServer = new Recorder();
  const atClient = new Recorder();
  let accepted!: (socket: NetworkSocket) => void;
  const accepting = new Promise<NetworkSocket>((resolve) => (accepted = resolve));
  const listener = await network.listen({ host: '127.0.0.1', port: 0 }, (socket) => {
    accepted(socket);
    return atServer;
  });
  open.listeners.push(listener);
  const to = { host: '127.0.0.1', port: listener.port, timeoutMs: 5_000 };
  const client = await network.connect(to, () => atClient);
  const server = await accepting;
  open.sockets.push(client, server);
  return { server, client, atServer, atClient };
}

/** Chunks that a peer which does not read leaves with the sender. */
const MANY = 400;
const CHUNK = Buffer.alloc(64 * 1024, 'x');

describe.each<ReadMethod>(['reused-buffer', 'events'])('NodeNetwork (%s)', (readMethod) => {
  const network = new NodeNetwork({ readMethod });

  it('carries bytes both ways, in order, and knows both addresses', async () => {
    const { server, client, atServer, atClient } = await connected(network);
    expect(server.remotePort).toBe(client.localPort);
    expect(client.remotePort).toBe(server.localPort);
    expect(server.remoteAddress).toBe('127.0.0.1');
    client.write(Buffer.from('one '));
    client.writeAll([Buffer.from('two '), Buffer.from('three '), Buffer.from('four')]);
    await atServer.until(({ text }) => text === 'one two three four');
    server.writeAll([Buffer.from('answer')]);
    await atClient.until(({ text }) => text === 'answer');
  });

  it('gives every byte of a long stream once, whatever the size of the reads', async () => {
    const { client, atServer } = await connected(network);
    const sent = Buffer.allocUnsafe(3_000_001);
    for (let i = 0; i < sent.length; i++) sent[i] = (i * 31 + (i >> 8)) & 0xff;
    client.write(sent);
    await atServer.until(({ byteCount }) => byteCount >= sent.length);
    expect(Buffer.concat(atServer.received).equals(sent)).toBe(true);
  });

  it('gives written bytes back as soon as the system has taken them', async () => {
    const { client } = await connected(network);
    const order: number[] = [];
    client.write(Buffer.from('a'), () => order.push(1));
    client.writeAll([Buffer.from('b'), Buffer.from('c')], () => order.push(2));
    expect(order).toEqual([1, 2]);
    expect(client.unsentBytes).toBe(0);
  });

  it('counts what a peer that does not read leaves unsent, and says when it is gone', async () => {
    const { server, client, atServer, atClient } = await connected(network);
    client.pause();
    client.resume();
    client.pause();
    const released: number[] = [];
    for (let i = 0; i < MANY; i++) {
      if (i % 2 === 0) server.write(CHUNK, () => released.push(i));
      else server.writeAll([CHUNK.subarray(1), CHUNK.subarray(0, 1)], () => released.push(i));
    }
    expect(server.unsentBytes).toBeGreaterThan(1_000_000);
    expect(atServer.drains).toBe(0);
    const before = released.length;
    expect(before).toBeLessThan(MANY);
    client.resume();
    await atServer.until(({ drains }) => drains === 1);
    expect(server.unsentBytes).toBe(0);
    expect(released).toEqual(Array.from({ length: MANY }, (_, i) => i));
    await atClient.until(({ byteCount }) => byteCount === MANY * CHUNK.length);
  });

  it('receives nothing while paused and all of it afterwards', async () => {
    const { server, client, atServer, atClient } = await connected(network);
    server.pause();
    client.write(Buffer.from('held back'));
    // A round trip the other way gives the bytes every chance to arrive.
    server.write(Buffer.from('ping'));
    await atClient.until(({ text }) => text === 'ping');
    expect(atServer.received).toEqual([]);
    server.resume();
    await atServer.until(({ text }) => text === 'held back');
  });

  it('sends what was written before it ends', async () => {
    const { server, client, atServer, atClient } = await connected(network);
    client.write(Buffer.from('last words'));
    client.end();
    client.write(Buffer.from('too late'), () => undefined);
    await atServer.until(({ closes }) => closes.length === 1);
    expect(atServer.text).toBe('last words');
    await atClient.until(({ closes }) => closes.length === 1);
    expect([...atServer.closes, ...atClient.closes]).toEqual([undefined, undefined]);
    server.destroy();
    expect(atServer.closes).toHaveLength(1);
  });

  it('gives all bytes back, in order and once, when the connection dies', async () => {
    const { server, client, atServer } = await connected(network);
    client.pause();
    const released: number[] = [];
    for (let i = 0; i < MANY; i++) server.write(CHUNK, () => released.push(i));
    expect(released.length).toBeLessThan(MANY);
    server.destroy();
    await atServer.until(({ closes }) => closes.length === 1);
    expect(released).toEqual(Array.from({ length: MANY }, (_, i) => i));
    server.write(CHUNK, () => released.push(MANY));
    server.writeAll([CHUNK], () => released.push(MANY + 1));
    expect(released.slice(-2)).toEqual([MANY, MANY + 1]);
    expect(atServer.drains).toBe(0);
  });

  it('names the error when the peer resets the connection', async () => {
    const { server, atServer } = await connected(network);
    const peer = connect({ host: '127.0.0.1', port: server.localPort });
    await once(peer, 'connect');
    server.destroy();
    await atServer.until(({ closes }) => closes.length === 1);
    peer.destroy();
    const reset = new Recorder();
    const listener = await network.listen({ host: '127.0.0.1', port: 0 }, () => reset);
    open.listeners.push(listener);
    const rude = connect({ host: '127.0.0.1', port: listener.port });
    await once(rude, 'connect');
    rude.write('x');
    await reset.until(({ text }) => text === 'x');
    rude.resetAndDestroy();
    await reset.until(({ closes }) => closes.length === 1);
    expect(reset.closes[0]).toMatchObject({ code: 'ECONNRESET' });
  });

  it('lets an owner refuse a connection at once', async () => {
    const atServer = new Recorder();
    const listener = await network.listen({ host: '127.0.0.1', port: 0 }, (socket) => {
      socket.destroy();
      return atServer;
    });
    open.listeners.push(listener);
    const peer = connect({ host: '127.0.0.1', port: listener.port });
    peer.on('error', () => undefined);
    await once(peer, 'close');
    await atServer.until(({ closes }) => closes.length === 1);
    expect(atServer.received).toEqual([]);
  });

  it('frees the port on close and lets connections live on', async () => {
    const { server, client, atServer } = await connected(network);
    const listener = open.listeners.pop()!;
    await listener.close();
    await expect(
      network.connect(
        { host: '127.0.0.1', port: listener.port, timeoutMs: 5_000 },
        () => new Recorder(),
      ),
    ).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    client.write(Buffer.from('still here'));
    await atServer.until(({ text }) => text === 'still here');
    const again = await network.listen(
      { host: '127.0.0.1', port: listener.port },
      () => new Recorder(),
    );
    await again.close();
    server.destroy();
  });

  it('says that a port is taken', async () => {
    const listener = await network.listen({ host: '127.0.0.1', port: 0 }, () => new Recorder());
    open.listeners.push(listener);
    await expect(
      network.listen({ host: '127.0.0.1', port: listener.port }, () => new Recorder()),
    ).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('survives a thousand connections that come and go', async () => {
    let closed = 0;
    let done!: () => void;
    const allClosed = new Promise<void>((resolve) => (done = resolve));
    const listener = await network.listen({ host: '127.0.0.1', port: 0 }, () => ({
      onData: () => undefined,
      onDrain: () => undefined,
      onClose: () => {
        if (++closed === 1_000) done();
      },
    }));
    open.listeners.push(listener);
    for (let round = 0; round < 10; round++) {
      const peers = await Promise.all(
        Array.from({ length: 100 }, async () => {
          const peer = connect({ host: '127.0.0.1', port: listener.port });
          await once(peer, 'connect');
          return peer;
        }),
      );
      for (const peer of peers) peer.destroy();
    }
    await allClosed;
    expect(closed).toBe(1_000);
  });
});

/** A port whose queue of connections is full: it answers nobody, as a host that has gone does. */
async function startDeafPeer(): Promise<{ port: number; stop: () => Promise<void> }> {
  const script = `const s = require('node:net').createServer();
    s.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => console.log(s.address().port));`;
  const peer = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [text] = (await once(peer.stdout, 'data')) as [Buffer];
  const port = Number(text.toString());
  peer.kill('SIGSTOP');
  const queued = Array.from({ length: 8 }, () => connect({ host: '127.0.0.1', port }));
  for (const socket of queued) socket.on('error', () => undefined);
  await once(queued[0]!, 'connect');
  return {
    port,
    stop: async () => {
      for (const socket of queued) socket.destroy();
      const gone = once(peer, 'exit');
      peer.kill('SIGKILL');
      await gone;
    },
  };
}

describe('NodeNetwork.connect', () => {
  const onLinux = process.platform === 'linux' ? it : it.skip;
  onLinux('gives up after its time-out', async () => {
    const { port, stop } = await startDeafPeer();
    const to = { host: '127.0.0.1', port, timeoutMs: 50 };
    const outcome: unknown = await new NodeNetwork()
      .connect(to, () => new Recorder())
      .catch((error: unknown) => error);
    await stop();
    expect(outcome).toBeInstanceOf(ConnectTimeoutError);
    expect(outcome).toMatchObject({ code: 'ETIMEDOUT' });
  });
});

describe('adoptSocket', () => {
  it('leaves a socket alone whose handle is not what it knows', () => {
    const socket = new Socket();
    expect(adoptSocket(socket, Buffer.alloc(1), () => undefined)).toBeUndefined();
    const strange = { readStart: () => 0, readStop: () => 0 };
    (socket as unknown as { _handle: unknown })._handle = strange;
    expect(adoptSocket(socket, Buffer.alloc(1), () => undefined)).toBeUndefined();
    expect((socket as unknown as { _handle: unknown })._handle).toBe(strange);
  });
});
