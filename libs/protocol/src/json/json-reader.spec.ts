import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MalformedBodyError } from '../protocol-errors.js';
import { UnsafeJsonInteger, parseJson } from './json-reader.js';
import type { JsonValue } from './json-reader.js';

function plain(value: JsonValue): unknown {
  if (value instanceof Map) return Object.fromEntries(Array.from(value, ([k, v]) => [k, plain(v)]));
  if (value instanceof UnsafeJsonInteger) return Number(value.text);
  return Array.isArray(value) ? value.map(plain) : value;
}

describe('parseJson', () => {
  it('agrees with JSON.parse on strict JSON, compact or spaced out', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(0, 2, '\t'), (value, space) => {
        const text = JSON.stringify(value, null, space);
        const expected = JSON.parse(text) as unknown;
        expect(plain(parseJson(text))).toEqual(expected);
      }),
    );
  });

  it('takes keys without quotes, in single quotes, and whole objects as keys', () => {
    const value = parseJson(
      `{0:"a",-1:'b', name : 1, 'x y':2, {"brokerName":"b","queueId":0}:5,{"k":{1:2}}:6}`,
    );
    expect([...(value as Map<string, unknown>)]).toEqual([
      ['0', 'a'],
      ['-1', 'b'],
      ['name', 1],
      ['x y', 2],
      ['{"brokerName":"b","queueId":0}', 5],
      ['{"k":{1:2}}', 6],
    ]);
  });

  it('keeps integers that a number cannot hold as their digits (B9)', () => {
    const [exact, beyond, fraction] = parseJson(
      '[9007199254740991,9223372036854775807,1.5e3]',
    ) as JsonValue[];
    expect(exact).toBe(Number.MAX_SAFE_INTEGER);
    expect(beyond).toEqual(new UnsafeJsonInteger('9223372036854775807'));
    expect(fraction).toBe(1500);
  });

  it('reads all escapes', () => {
    expect(parseJson(`"\\u0001\\x41\\n\\t\\b\\f\\r\\v\\0\\/\\\\\\"\\'é\\ud83d\\ude00"`)).toBe(
      '\u0001A\n\t\b\f\r\v\0/\\"\'é😀',
    );
  });

  it('keeps __proto__ an ordinary key, and the last of equal keys (B6, B8)', () => {
    const value = parseJson('{"__proto__":{"polluted":1},"a":1,"a":2}') as Map<string, JsonValue>;
    expect(value.get('a')).toBe(2);
    expect(value.get('__proto__')).toBeInstanceOf(Map);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('refuses what is no JSON', () => {
    const broken = [
      ...[
        '',
        ' ',
        '{',
        '}',
        '[',
        '[1',
        '[1,',
        '[,1]',
        '{"a"',
        '{"a":',
        '{"a":1',
        '{"a":1,}',
        '{a 1}',
        '{:1}',
      ],
      ...[
        '"',
        '"\\',
        '"\\u00',
        '"\\u00zz"',
        '"\\q"',
        'nul',
        'undefined',
        'NaN',
        '-',
        '1e999',
        '1-2',
        '01x',
        '{}{}',
        "'a",
      ],
    ];
    for (const text of broken) {
      expect([
        text,
        ((): unknown => {
          try {
            return parseJson(text);
          } catch (error) {
            return error;
          }
        })(),
      ]).toEqual([text, expect.any(MalformedBodyError)]);
    }
  });

  it('refuses nesting beyond its limit at once, megabytes of it too (B7)', () => {
    expect(plain(parseJson('[[[1]]]', { depthMax: 3 }))).toEqual([[[1]]]);
    expect(() => parseJson('[[[[1]]]]', { depthMax: 3 })).toThrow(/nested deeper than 3/);
    for (const open of ['[', '{"a":', '{{', "{'a':["]) {
      const text = open.repeat(4_000_000 / open.length);
      const before = process.cpuUsage();
      expect(() => parseJson(text)).toThrow(MalformedBodyError);
      expect(process.cpuUsage(before).user / 1000).toBeLessThan(100);
    }
  });

  it('takes or refuses random text, and every prefix of valid text', () => {
    const survives = (text: string): void => {
      try {
        parseJson(text);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedBodyError);
      }
    };
    const units = fc.constantFrom(...'{}[]":,\\\'0123456789-.eEtrufalsn \n\u0001é'.split(''));
    fc.assert(fc.property(fc.string({ unit: units, maxLength: 40 }), survives), { numRuns: 2000 });
    const valid = '{"a":[1,-2.5e3,"x\\u0041\\n",{0:true},null],{"k":1}:{"b":"c"}}';
    for (let end = 0; end < valid.length; end++) survives(valid.slice(0, end));
  });
});
