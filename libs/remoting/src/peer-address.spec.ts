import { describe, expect, it } from '@jest/globals';
import { writeInetAddress } from './inet-address.js';
import { PeerAddress, parseHostPort } from './peer-address.js';

describe('PeerAddress', () => {
  it.each([
    ['10.1.2.3', '10.1.2.3:80', '0a01020300000050'],
    ['::ffff:10.1.2.3', '10.1.2.3:80', '0a01020300000050'],
    ['2001:db8::7', '[2001:db8::7]:80', '20010db800000000000000000000000700000050'],
    ['fe80::1%eth0', '[fe80::1]:80', 'fe80000000000000000000000000000100000050'],
    ['', ':80', '0000000000000050'],
  ])('writes %s as Java does and as records store it', (address, hostPort, bytes) => {
    const peer = new PeerAddress(address, 80);
    expect(peer.hostPort).toBe(hostPort);
    expect(peer.recordBytes().toString('hex')).toBe(bytes);
  });
});

describe('writeInetAddress', () => {
  it.each([
    ['::', '00'.repeat(16)],
    ['::1', `${'00'.repeat(15)}01`],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['64:ff9b::1.2.3.4', '0064ff9b000000000000000001020304'],
    ['1::', `0001${'00'.repeat(14)}`],
  ])('reads the IPv6 address %s', (text, hex) => {
    expect(writeInetAddress(text, 1).toString('hex')).toBe(`${hex}00000001`);
  });

  it.each([
    '256.1.1.1',
    '1.2.3',
    'host',
    '1:2',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    'g::',
  ])('takes %s for no address', (text) => {
    expect(writeInetAddress(text, 1).toString('hex')).toBe('0000000000000001');
  });
});

describe('parseHostPort', () => {
  it('takes names, IPv4 and IPv6 in brackets', () => {
    expect(parseHostPort('broker-0.broker:10911')).toEqual({
      host: 'broker-0.broker',
      port: 10_911,
    });
    expect(parseHostPort(' 127.0.0.1:1 ')).toEqual({ host: '127.0.0.1', port: 1 });
    expect(parseHostPort('[::1]:9876')).toEqual({ host: '::1', port: 9_876 });
  });

  it.each(['', 'host', 'host:', ':1', 'host:70000', '::1:9876', 'a:b'])('refuses %j', (text) => {
    expect(() => parseHostPort(text)).toThrow(RangeError);
  });
});
