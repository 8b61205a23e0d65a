import { afterEach, expect, it } from '@jest/globals';
import { silentLogger } from '@rocketmq-ts/kernel';
import { GetBrokerRuntimeInfo, OpenReplication } from '@rocketmq-ts/protocol';
import { RemotingServer } from '@rocketmq-ts/remoting';
import { PORT, SimulatedBroker } from './simulated-broker.js';
import { SimulatedSlave } from './simulated-slave.js';

let slave: SimulatedSlave;
afterEach(async () => {
  expect(await slave.stop()).toEqual([]);
});

/** A broker that knows none of our commands, as Apache's. @param route what it does otherwise */
async function underApache(route: (server: RemotingServer) => void): Promise<SimulatedBroker> {
  const place = await SimulatedBroker.start();
  await place.stop();
  const listeners = [{ name: 'main', host: '0.0.0.0', port: PORT }];
  const { clock, network } = place.world;
  const server = new RemotingServer({ clock, network, logger: silentLogger, listeners });
  route(server);
  await server.listen();
  slave = await SimulatedSlave.start(place);
  return place;
}

it.each([
  ['is silent', (server: RemotingServer) => server.route(GetBrokerRuntimeInfo.code, () => {})],
  ['refuses', () => {}],
])(
  'a slave whose Apache master %s when asked for its log says so, serves, and tries again',
  async (_, behave) => {
    let opened = 0;
    const place = await underApache((server) => {
      behave(server);
      server.route(OpenReplication.code, (frame, connection) => {
        opened++;
        connection.answer(frame, 3, ' request type 99001 not supported', new Map());
      });
    });
    await place.pass(12_000);
    const ready = await slave.ready();
    expect(ready.status).toBe(200);
    expect(ready.text).toMatch(
      /replication: (WAITING|CHECKING): the master 10.0.0.1:10911 is one of Apache's, and does not say where its log begins and ends: /,
    );
    const before = opened;
    await place.pass(30_000);
    expect(opened - before).toBeGreaterThanOrEqual(3);
    expect(slave.service.running().store.rawLog.writtenOffset).toBe(0);
  },
);
