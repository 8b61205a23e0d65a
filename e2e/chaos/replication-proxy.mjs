import { connect, createServer } from 'node:net';
import { freePort } from '../free-ports.mjs';

const HEADER_BYTES = 12;

/**
 * Stands between a slave and its master's replication port, and spoils what the slave gets: one frame, once, then all is well
 * again. A frame: offset (8 bytes), size (4), so many bytes of the log.
 */
export class ReplicationProxy {
  /** How many frames were spoilt. */
  spoiltCount = 0;
  #spoil;
  #sockets = new Set();

  /** @param {{ host: string, port: number }} master where its replication port is */
  static async before(master) {
    const proxy = new ReplicationProxy();
    proxy.port = await freePort();
    proxy.server = createServer((slave) => proxy.#join(slave, connect(master)));
    await new Promise((resolve, reject) => {
      proxy.server.once('error', reject);
      proxy.server.listen(proxy.port, '127.0.0.1', resolve);
    });
    return proxy;
  }

  /**
   * @param {(frame: Buffer) => Buffer | undefined} spoil gets the next frame that has a body, header in front, and gives what
   *   the slave gets instead; undefined: half of it, and the connection ends
   */
  spoilNext(spoil) {
    this.#spoil = spoil;
  }

  close() {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(slave, master) {
    for (const [socket, other] of [
      [slave, master],
      [master, slave],
    ]) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    slave.pipe(master);
    let rest = Buffer.alloc(0);
    master.on('data', (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      for (;;) {
        const frame = firstFrame(rest);
        if (!frame) return;
        rest = rest.subarray(frame.length);
        const passed = this.#spoilt(frame);
        if (!passed) return void slave.end(frame.subarray(0, frame.length >> 1));
        slave.write(passed);
      }
    });
  }

  #spoilt(frame) {
    if (!this.#spoil || frame.length === HEADER_BYTES) return frame;
    const spoil = this.#spoil;
    this.#spoil = undefined;
    this.spoiltCount++;
    return spoil(Buffer.from(frame));
  }
}

function firstFrame(bytes) {
  if (bytes.length < HEADER_BYTES) return undefined;
  const end = HEADER_BYTES + bytes.readInt32BE(8);
  return bytes.length < end ? undefined : bytes.subarray(0, end);
}

/** Ways to spoil a frame. @type {Record<string, (frame: Buffer) => Buffer | undefined>} */
export const spoilings = {
  'a bit of a message flipped'(frame) {
    frame[HEADER_BYTES + Math.floor((frame.length - HEADER_BYTES) / 2)] ^= 4;
    return frame;
  },
  'a frame further on than it says'(frame) {
    frame.writeBigInt64BE(frame.readBigInt64BE(0) + 1n, 0);
    return frame;
  },
  'an offset below zero'(frame) {
    frame.writeBigInt64BE(-7n, 0);
    return frame;
  },
  'a size below zero'(frame) {
    frame.writeInt32BE(-1, 8);
    return frame;
  },
  'a size of 2 GiB'(frame) {
    frame.writeInt32BE(0x7fffffff, 8);
    return frame;
  },
  'noise between frames': (frame) => Buffer.concat([Buffer.alloc(37, 0xa5), frame]),
  'a frame sent twice': (frame) => Buffer.concat([frame, frame]),
  'a frame left out': () => Buffer.alloc(0),
  'the connection cut within a frame': () => undefined,
};
