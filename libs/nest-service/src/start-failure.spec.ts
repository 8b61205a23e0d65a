import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@rocketmq-ts/config';
import { StartError, startFailureText } from './start-failure.js';

const system = (code: string, more: object) => Object.assign(new Error('raw'), { code, ...more });
const text = (error: unknown) => startFailureText('mqnamesrv', error);

describe('startFailureText', () => {
  it('says what an operator can change', () => {
    expect(text(system('EADDRINUSE', { address: '0.0.0.0', port: 9876 }))).toBe(
      'mqnamesrv: port 9876 on 0.0.0.0 is in use by another process; stop that one or choose another port.',
    );
    expect(text(system('EADDRNOTAVAIL', { address: '1.2.3.4', port: 1 }))).toContain(
      '1.2.3.4 is not',
    );
    expect(text(system('EACCES', { address: '0.0.0.0', port: 80 }))).toContain('port 80 may not');
    expect(text(system('EACCES', { path: '/x' }))).toBe(
      'mqnamesrv: /x cannot be used: permission is missing.',
    );
    expect(text(new StartError('the disk is upside down'))).toBe(
      'mqnamesrv: the disk is upside down',
    );
  });

  it('lists what is wrong with a configuration', () => {
    const problem = { key: 'a', value: 'b', source: 'x.conf:1', why: 'is not known' };
    expect(text(new ConfigError([problem, problem]))).toBe(
      'mqnamesrv: the configuration cannot be used.\nx.conf:1: a=b is not known\nx.conf:1: a=b is not known',
    );
  });

  it('gives the trace of what nobody foresaw', () => {
    expect(text(new TypeError('x is not a function'))).toContain('start-failure.spec');
    expect(text('thrown text')).toBe('mqnamesrv: thrown text');
  });
});
