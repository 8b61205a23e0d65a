import { describe, expect, it } from '@jest/globals';
import { PeerRule, peerRuleProblem } from './peer-rule.js';

const allows = (rule: string, remoteAddress: string, localAddress?: string): boolean =>
  new PeerRule(rule).allows(
    localAddress === undefined ? { remoteAddress } : { remoteAddress, localAddress },
  );

describe('PeerRule', () => {
  it('local means loopback, and a peer with our own address', () => {
    for (const address of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])
      expect(allows('local', address)).toBe(true);
    expect(allows('local', '10.0.0.5', '10.0.0.5')).toBe(true);
    expect(allows('local', '10.0.0.6', '10.0.0.5')).toBe(false);
    expect(allows('local', '::2')).toBe(false);
  });

  it('any means everybody, nothing means nobody', () => {
    expect(allows('any', '203.0.113.9')).toBe(true);
    expect(allows('', '127.0.0.1')).toBe(false);
  });

  it('matches addresses and networks of both kinds by their bits', () => {
    const rule = '10.0.0.0/8, 192.168.4.0/23,172.16.0.9,fd00::/8,2001:db8::1';
    for (const address of [
      '10.255.0.1',
      '::ffff:10.1.1.1',
      '192.168.5.255',
      '172.16.0.9',
      'fdff::1',
      '2001:db8:0::1',
    ])
      expect(allows(rule, address)).toBe(true);
    for (const address of [
      '11.0.0.1',
      '192.168.6.0',
      '172.16.0.8',
      'fe00::1',
      '2001:db8::2',
      '127.0.0.1',
      'localhost',
      '',
    ])
      expect(allows(rule, address)).toBe(false);
    expect(allows('0.0.0.0/0', '8.8.8.8')).toBe(true);
    expect(allows('0.0.0.0/0', 'fd00::1')).toBe(false);
  });

  it.each([
    'everybody',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/x',
    'fd00::/129',
    '1::2::3',
    'fd00:1',
  ])('refuses %j', (rule) => {
    expect(peerRuleProblem(rule)).toContain('none of them');
  });
});
