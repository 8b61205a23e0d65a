import { describe, expect, it } from '@jest/globals';
import { localAddress } from './environment.js';
import {
  formatHostPort,
  parseHostPort,
  parseHostPorts,
  parseNamedAddresses,
  resolveListeners,
} from './listeners.js';

const settings = {
  listenPort: 10_911,
  bindAddress: '0.0.0.0',
  listeners: '',
  advertised: '',
  advertisedHost: undefined,
};
const here = () => '192.0.2.1';

describe('parseHostPort', () => {
  it('reads names, IPv4 and IPv6 in brackets, and writes them back', () => {
    for (const text of ['broker-0.brokers:10911', '10.0.0.1:0', '[fd00::1]:10911'])
      expect(formatHostPort(parseHostPort(text)!)).toBe(text);
  });

  it.each(['', 'a', 'a:', ':1', 'fd00::1:10911', 'a:65536', 'a:-1', 'a b:1', 'a:1:2'])(
    'refuses %j',
    (text) => {
      expect(parseHostPort(text)).toBeUndefined();
    },
  );
});

describe('parseHostPorts', () => {
  it('reads a list with ; between, and refuses port 0', () => {
    expect(parseHostPorts(' a:1 ; b:2;')).toEqual([
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
    ]);
    expect(() => parseHostPorts('a:0')).toThrow('not host:port');
  });
});

describe('resolveListeners', () => {
  it('without names listens on one port and advertises this machine', () => {
    expect(resolveListeners(settings, here)).toEqual([
      {
        name: 'default',
        host: '0.0.0.0',
        port: 10_911,
        advertised: { host: '192.0.2.1', port: 10_911 },
      },
    ]);
  });

  it('advertises brokerIP1, or the address it is bound to', () => {
    const told = (more: object) =>
      resolveListeners({ ...settings, ...more }, here)[0]!.advertised.host;
    expect(told({ advertisedHost: 'broker.example' })).toBe('broker.example');
    expect(told({ bindAddress: '127.0.0.1' })).toBe('127.0.0.1');
    expect(told({ advertised: 'default:nat.example:30911' })).toBe('nat.example');
  });

  it('pairs names, the first listener being the main one', () => {
    const listeners = resolveListeners(
      {
        ...settings,
        listeners: 'internal:0.0.0.0:10911,external:0.0.0.0:10921',
        advertised: 'external:203.0.113.7:30921',
        advertisedHost: '10.0.0.5',
      },
      here,
    );
    expect(listeners.map(({ name, advertised }) => [name, formatHostPort(advertised)])).toEqual([
      ['internal', '10.0.0.5:10911'],
      ['external', '203.0.113.7:30921'],
    ]);
  });

  it('refuses names that are used twice', () => {
    expect(() => parseNamedAddresses('a:h:1,a:h:2')).toThrow('twice');
  });
});

describe('localAddress', () => {
  const at = (address: string, family = 'IPv4', internal = false) => ({
    address,
    family,
    internal,
  });

  it('prefers a real IPv4 interface over bridges, IPv6, home networks and loopback', () => {
    expect(
      localAddress({
        lo: [at('127.0.0.1', 'IPv4', true)],
        docker0: [at('172.17.0.1')],
        eth1: [at('192.168.1.5')],
        eth0: [at('fe80::1', 'IPv6'), at('fd00::5', 'IPv6'), at('10.0.0.5')],
      }),
    ).toBe('10.0.0.5');
    expect(localAddress({ eth0: [at('fd00::5', 'IPv6')], docker0: [at('172.17.0.1')] })).toBe(
      'fd00::5',
    );
  });

  it('falls back to loopback', () => {
    expect(localAddress({ lo: [at('127.0.0.1', 'IPv4', true)] })).toBe('127.0.0.1');
  });
});
