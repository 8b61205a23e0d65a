import { type RemotingFrame, ResponseCode } from '@rocketmq-ts/protocol';
import { SimulatedServer } from '@rocketmq-ts/testing';
import type { ServerConnection } from '../src/server-connection.js';

export const ECHO = 900;
export const HOLD = 901;

/**
 * A server with a handler that answers with the request's body (`ECHO`), and one that keeps what it gets for the test
 * (`HOLD`).
 */
export async function started(limits = {}, seed = 1) {
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
