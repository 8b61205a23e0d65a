import { describe, expect, it } from '@jest/globals';
import type { NetworkSocket } from '@rocketmq-ts/kernel';
import { SimulatedRandom } from '@rocketmq-ts/testing';
import { encodeFrameHeader, encodeReport } from '../src/ha-frame.js';
import { MemoryLog } from './memory-log.js';
import { HA_PORT, RawHaPeer, SimulatedPair } from './simulated-pair.js';

const ROUNDS = 150;

const randomBytes = (random: SimulatedRandom, count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, () => random.below(256)));

const filled = (random: SimulatedRandom): MemoryLog => {
  const log = new MemoryLog();
  for (let i = random.below(60); i > 0; i--) log.append(randomBytes(random, random.below(200)));
  return log;
};

describe('garbage on the replication port', () => {
  it('never raises what counts as copied, and never breaks the master', async () => {
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const random = new SimulatedRandom(seed);
      const log = filled(random);
      const pair = new SimulatedPair(log, seed);
      await pair.listen();
      const peer = await pair.rawPeer();
      let truth = -1;
      for (let i = random.below(12); i > 0; i--) {
        const offset = random.below(log.endOffset + 2);
        if (random.chance(0.3)) {
          peer.send(randomBytes(random, random.below(24)));
          truth = Infinity;
        } else {
          peer.send(encodeReport(offset));
          truth = Math.max(truth, offset);
        }
        if (random.chance(0.5)) log.append('more');
        await pair.clock.advance(random.below(3_000));
      }
      const { copiedOffset } = pair.policy;
      const problem = copiedOffset > Math.min(truth, log.endOffset) || Number.isNaN(copiedOffset);
      await pair.stop();
      expect({ seed, problem, held: log.held }).toEqual({ seed, problem: false, held: 0 });
    }
  });

  it("never reaches the slave's log: that stays a beginning of the master's", async () => {
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const random = new SimulatedRandom(seed);
      const master = filled(random);
      const slave = new MemoryLog();
      const pair = new SimulatedPair(master, seed);
      pair.apache = {
        describe: () =>
          Promise.resolve({ minOffset: 0, writtenOffset: 0, segmentSizeBytes: 1_024 }),
        recordAt: () => Promise.resolve(undefined),
      };
      await pair.network.listen({ host: '', port: HA_PORT }, (socket: NetworkSocket) => {
        const peer = new RawHaPeer();
        peer.socket = socket;
        peer.send(garbled(random, master, slave.endOffset));
        return peer;
      });
      pair.follow(slave);
      await pair.clock.advance(15_000);
      pair.client!.stop();
      const beginning = master.content.subarray(0, slave.content.length);
      const problem = slave.content.length > master.content.length;
      const same = slave.content.equals(beginning);
      expect({ seed, same, problem }).toEqual({ seed, same: true, problem: false });
    }
  });
});

/** The master's stream from `offset` on, cut off, and with some bytes in front of records' contents changed, or lies. */
function garbled(random: SimulatedRandom, master: MemoryLog, offset: number): Buffer {
  const body = master.content.subarray(offset, offset - (offset % 1_024) + 1_024);
  const size = random.chance(0.2) ? random.uint32() | 0 : body.length;
  const at = random.chance(0.2) ? random.uint32() : offset;
  const stream = Buffer.concat([
    encodeFrameHeader(at, size),
    body.subarray(0, random.below(body.length + 1)),
    ...(random.chance(0.5) ? [randomBytes(random, random.below(400))] : []),
  ]);
  // A length of the frame that agrees with what follows, so that garbage is offered as a record.
  if (random.chance(0.3)) stream.writeInt32BE(stream.length - 12, 8);
  return stream;
}
