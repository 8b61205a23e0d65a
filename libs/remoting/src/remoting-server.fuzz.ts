import { describe, expect, it } from '@jest/globals';
import { ResponseCode, SerializeType } from '@rocketmq-ts/protocol';
import { type SimulatedRandom, SimulatedServer, requestBytes } from '@rocketmq-ts/testing';

const ECHO = 900;
const ROUNDS = 300;
const FIRST_SEED = 1;

/** A valid stream of requests in both serialisations. */
function validStream(random: SimulatedRandom): Buffer {
  const frames = Array.from({ length: 1 + random.below(12) }, (_, i) =>
    requestBytes({
      code: random.chance(0.9) ? ECHO : random.below(0x7fff),
      opaque: i,
      oneWay: random.chance(0.2),
      serializeType: random.chance(0.5) ? SerializeType.JSON : SerializeType.ROCKETMQ,
      ext: new Map([
        ['topic', 't'.repeat(random.below(200))],
        ['__proto__', 'x'],
      ]),
      body: Buffer.alloc(random.below(3_000), random.below(256)),
    }),
  );
  return Buffer.concat(frames);
}

/** Flips, cuts out, doubles or inserts bytes. */
function damage(stream: Buffer, random: SimulatedRandom): Buffer {
  let bytes = Buffer.from(stream);
  for (let n = 1 + random.below(4); n > 0 && bytes.length > 0; n--) {
    const at = random.below(bytes.length);
    const count = 1 + random.below(16);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    switch (random.below(4)) {
      case 0:
        bytes[at] = random.below(256);
        break;
      case 1:
        bytes = Buffer.concat([before, after.subarray(count)]);
        break;
      case 2:
        bytes = Buffer.concat([before, after.subarray(0, count), after]);
        break;
      default:
        bytes = Buffer.concat([before, Buffer.alloc(count, random.below(256)), after]);
    }
  }
  return bytes;
}

describe('RemotingServer with damaged streams', () => {
  it('never fails, serves the others, and keeps nothing of what it closed', async () => {
    let malformed = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + ROUNDS; seed++) {
      const world = new SimulatedServer({}, seed);
      const { server, random } = world;
      server.route(ECHO, (frame, connection) => {
        if (!frame.isOneWay)
          connection.answer(frame, ResponseCode.SUCCESS, undefined, frame.ext(), frame.body);
      });
      await server.listen();
      const [bad, good] = [await world.peer(), await world.peer()];
      bad.sendBytes(damage(validStream(random), random));
      good.send({ code: ECHO, opaque: seed });
      await world.settle();
      // What is left is an unfinished frame, or nothing: the peer goes, and so must that.
      bad.socket.destroy();
      await world.settle();
      malformed += server.stats.malformedStreams;
      const { keptBytesNow, unsentBytesNow, inFlightNow } = server.stats;
      const left = { seed, opaques: good.opaques, keptBytesNow, unsentBytesNow, inFlightNow };
      expect(left).toEqual({
        seed,
        opaques: [seed],
        keptBytesNow: 0,
        unsentBytesNow: 0,
        inFlightNow: 0,
      });
      expect(server.connections.size).toBe(1);
      expect(world.logger.count('error')).toBe(0);
    }
    // The damage is real: a good part of the streams had to be closed.
    expect(malformed).toBeGreaterThan(ROUNDS / 5);
  });
});
