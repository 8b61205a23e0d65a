import { beforeEach, describe, expect, it } from '@jest/globals';
import { nestLogger } from './nest-logger.js';
import { StdoutLogger } from './stdout-logger.js';

let lines: string[];
let settings: { logFormat: 'text' | 'json'; logLevel: 'debug' | 'info' | 'warn' | 'error' };
let logger: StdoutLogger;

beforeEach(() => {
  lines = [];
  settings = { logFormat: 'text', logLevel: 'info' };
  logger = new StdoutLogger(settings, { nowMs: () => 0 }, (line) => lines.push(line));
});

describe('StdoutLogger, text', () => {
  it('writes time, level, event and fields on one line, quoting what is not a plain word', () => {
    logger.warn('broker gone', {
      broker: 'a',
      port: 1,
      up: false,
      why: 'no "reason"',
      none: undefined,
    });
    expect(lines).toEqual([
      '1970-01-01T00:00:00.000Z WARN  broker gone broker=a port=1 up=false why="no \\"reason\\""\n',
    ]);
  });

  it('lets no peer start a line, move a cursor or turn the direction of writing', () => {
    logger.info('topic\nx', {
      topic: 'a\r\nINFO forged',
      ansi: '\u001b[2J',
      c1: '\u009b2J',
      bidi: '\u202eabc',
      ls: '\u2028',
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]!.slice(0, -1)).toMatch(/^[\u0020-\u007e]+$/);
    expect(lines[0]).toContain(
      'topic\\nx topic="a\\r\\nINFO forged" ansi="\\u001b[2J" c1="\\u009b2J"',
    );
  });

  it('drops events below the level, which may change', () => {
    logger.debug('a');
    settings.logLevel = 'debug';
    logger.debug('b');
    settings.logLevel = 'error';
    logger.warn('c');
    logger.error('d');
    expect(lines.map((line) => line.trim().split(' ').at(-1))).toEqual(['b', 'd']);
  });
});

describe('StdoutLogger, json', () => {
  it('writes one object per line, whose three own keys no field can take', () => {
    settings.logFormat = 'json';
    logger.info('e', { time: 'x', level: 'x', event: 'x', a: 1, c1: '\u0085' });
    expect(lines[0]).not.toContain('\u0085');
    expect(JSON.parse(lines[0]!)).toEqual({
      time: '1970-01-01T00:00:00.000Z',
      level: 'info',
      event: 'e',
      a: 1,
      c1: '\u0085',
    });
  });
});

describe('nestLogger', () => {
  it('keeps Nest’s wiring for debug and passes its warnings and errors on', () => {
    const nest = nestLogger(logger);
    nest.log('wired', 'InstanceLoader');
    nest.error(new Error('no'), 'stack', 'ExceptionHandler');
    expect(lines).toEqual(['1970-01-01T00:00:00.000Z ERROR no context=ExceptionHandler\n']);
  });
});
