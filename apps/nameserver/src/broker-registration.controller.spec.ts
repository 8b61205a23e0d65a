import { describe, expect, it } from '@jest/globals';
import { NameserverConfig } from '@rocketmq-ts/config';
import { silentLogger } from '@rocketmq-ts/kernel';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { KvConfig } from '@rocketmq-ts/routing';
import { SimulatedClock } from '@rocketmq-ts/testing';
import { registration } from '../test/simulated-nameserver.js';
import { BrokerRegistrationController } from './broker-registration.controller.js';
import { PeerAccess } from './peer-access.js';
import { RegistrationCounts } from './registration-counts.js';
import { Routes } from './routes.js';

describe('BrokerRegistrationController.register', () => {
  const config = new NameserverConfig();
  const routes = new Routes(config);
  const controller = new BrokerRegistrationController(
    routes,
    new KvConfig(config),
    config,
    new PeerAccess(config),
    { notify: () => undefined } as never,
    new RegistrationCounts(),
    new SimulatedClock(),
    silentLogger,
  );
  const register = (connection: Partial<ServerConnection>) => {
    const { header, body } = registration();
    const request = { header: { compressed: false, bodyCrc32: 0, ...header }, body };
    return controller.register({ ...request, connection, version: 513 } as never);
  };

  it('takes nothing from a connection that closed before Nest called the handler', () => {
    // Nobody would ever hear of its end: the broker would stay in the routes until it expires.
    expect(() => register({ closed: true, remoteAddress: '10.0.0.2' })).toThrow(
      'connection closed',
    );
    expect(routes.brokerCount).toBe(0);
    register({ closed: false, remoteAddress: '10.0.0.2' });
    expect(routes.brokerCount).toBe(1);
  });
});
