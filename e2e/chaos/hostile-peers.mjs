import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';

/** What a connection gets that nobody has to be kind to. */
const GIVEN_UP_AFTER_MS = 30_000;

const report = (offset) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(offset));
  return bytes;
};

/**
 * What strangers may say to a replication port. `isClosed`: the master has to end the connection by itself.
 *
 * @type {Record<string, { isClosed: boolean, say(socket: import('node:net').Socket, logEnd: number): void }>}
 */
export const hostilePeers = {
  // Its first bit is set or not, so it may be a ticket that nobody gave out or an offset beyond the end.
  noise: { isClosed: true, say: (socket) => socket.write(randomBytes(64 * 1024)) },
  'a request of HTTP': {
    isClosed: true,
    say: (socket) => socket.write('GET /metrics HTTP/1.1\r\nHost: broker\r\n\r\n'),
  },
  'an offset beyond the end': {
    isClosed: true,
    say: (socket, logEnd) => socket.write(report(logEnd + 2 ** 30)),
  },
  'the largest offset': { isClosed: true, say: (socket) => socket.write(report(2n ** 63n - 1n)) },
  'an offset below zero': { isClosed: true, say: (socket) => socket.write(report(-2)) },
  'the smallest offset': { isClosed: true, say: (socket) => socket.write(report(-(2n ** 63n))) },
  'an offset that goes back': {
    isClosed: true,
    say(socket, logEnd) {
      socket.write(report(logEnd));
      setTimeout(() => socket.write(report(Math.max(1, logEnd - 1_000))), 200);
    },
  },
  'nothing at all': { isClosed: true, say: () => {} },
  'half a report': { isClosed: true, say: (socket) => socket.write(report(0).subarray(0, 5)) },
  'an offset within a message, and nothing read': {
    isClosed: true,
    say(socket) {
      socket.pause();
      socket.write(report(13));
      // Who reads nothing does not see the end either, until it sends into it; 20 s of silence are allowed.
      setTimeout(() => setInterval(() => socket.write('?'), 250).unref(), 23_000).unref();
    },
  },
};

/** Connects, says it, waits until the other side ends the connection. @returns {Promise<number | undefined>} ms it took */
export function beHostile(address, { say }, logEnd) {
  return new Promise((resolve) => {
    const startedMs = performance.now();
    const socket = connect(address);
    const timer = setTimeout(() => finish(undefined), GIVEN_UP_AFTER_MS);
    const finish = (ms) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(ms);
    };
    socket.on('error', () => finish(performance.now() - startedMs));
    socket.on('close', () => finish(performance.now() - startedMs));
    socket.on('data', () => {});
    socket.on('connect', () => say(socket, logEnd));
  });
}

/** Opens so many connections that say nothing. @returns {Promise<{ open: number, end(): void }>} those left after a second */
export async function flood(address, count) {
  const open = new Set();
  for (let n = 0; n < count; n++) {
    const socket = connect(address);
    open.add(socket);
    socket.on('error', () => open.delete(socket));
    socket.on('close', () => open.delete(socket));
    socket.on('data', () => {});
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return {
    open: open.size,
    end: () => open.forEach((socket) => socket.destroy()),
  };
}
