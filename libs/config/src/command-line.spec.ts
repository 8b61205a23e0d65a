import { describe, expect, it } from '@jest/globals';
import { helpText, NAMESERVER_FLAG, parseCommandLine } from './command-line.js';

const parse = (text: string) =>
  parseCommandLine(text.split(' ').filter(Boolean), [NAMESERVER_FLAG]);

describe('parseCommandLine', () => {
  it('reads Apache’s flags, short and long', () => {
    expect(parse('-c a.conf -n h:1;h:2')).toMatchObject({
      configFile: 'a.conf',
      settings: [{ key: 'namesrvAddr', value: 'h:1;h:2', flag: '-n' }],
    });
    expect(parse('--configFile a.conf --namesrvAddr h:1 -p')).toMatchObject({
      configFile: 'a.conf',
      printConfig: true,
    });
    expect(parse('-m').printConfig).toBe(true);
    expect(parse('-h').help).toBe(true);
    expect(parse('')).toEqual({
      help: false,
      printConfig: false,
      configFile: undefined,
      settings: [],
    });
  });

  it('reads any setting, with = or a blank, values with = included', () => {
    expect(parse('--listenPort=1 --brokerName a --x=a=b').settings).toEqual([
      { key: 'listenPort', value: '1', flag: '--listenPort' },
      { key: 'brokerName', value: 'a', flag: '--brokerName' },
      { key: 'x', value: 'a=b', flag: '--x' },
    ]);
  });

  it.each([
    ['-c', 'wants a value'],
    ['--listenPort', 'wants a value'],
    ['-x', 'flags are -c, -p, -h, -n'],
    ['broker.conf', 'flags are'],
  ])('refuses %s', (text, why) => {
    expect(() => parse(text)).toThrow(why);
  });
});

describe('helpText', () => {
  it('lists every flag', () => {
    const text = helpText('mqbroker', 'runs a broker', [NAMESERVER_FLAG]);
    for (const flag of [
      '-c, --config <file>',
      '-n, --namesrvAddr',
      '-p, --print-config',
      '-h, --help',
    ])
      expect(text).toContain(flag);
  });
});
