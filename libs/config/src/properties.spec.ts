import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatProperties, parseProperties, PropertiesSyntaxError } from './properties.js';

const pairs = (text: string): [string, string][] =>
  parseProperties(text).map(({ key, value }) => [key, value]);

describe('parseProperties', () => {
  it('takes =, : and blanks between key and value, with blanks around them', () => {
    expect(pairs('a=1\nb : 2\nc 3\n  d\t=\f4\ne==5\nf:=6\ng')).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
      ['d', '4'],
      ['e', '=5'],
      ['f', '=6'],
      ['g', ''],
    ]);
  });

  it('skips comments and blank lines, and counts lines', () => {
    expect(parseProperties('# x\\\n! y\n\n \t \n  a=1\r\nb=2\rc=3')).toEqual([
      { key: 'a', value: '1', line: 5 },
      { key: 'b', value: '2', line: 6 },
      { key: 'c', value: '3', line: 7 },
    ]);
  });

  it('joins continued lines without the blanks that start them, at an odd number of backslashes only', () => {
    expect(pairs('a=1,\\\n   2,\\\n\t3\nb=x\\\\\nc=y\\\\\\\n  z')).toEqual([
      ['a', '1,2,3'],
      ['b', 'x\\'],
      ['c', 'y\\z'],
    ]);
    expect(pairs('last=1\\')).toEqual([['last', '1']]);
  });

  it('replaces escapes in keys and values', () => {
    expect(pairs('a\\=b\\:c\\ d=\\t\\n\\r\\f\\u00e9\\q\\\\')).toEqual([
      ['a=b:c d', '\t\n\r\fé' + 'q\\'],
    ]);
  });

  it('keeps blanks at the end of a value, as Java does', () => {
    expect(pairs('a=1  ')).toEqual([['a', '1  ']]);
  });

  it('names the line of a malformed \\u', () => {
    expect(() => parseProperties('a=1\nb=\\u12x4')).toThrow(PropertiesSyntaxError);
    expect(() => parseProperties('b=\\u12')).toThrow('"12"');
  });

  it('ignores a byte order mark', () => {
    expect(pairs('\uFEFFa=1')).toEqual([['a', '1']]);
  });
});

describe('formatProperties', () => {
  it('writes what parseProperties reads back', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab =:#!\\\t\n\r\f\u00e9\u{1F600}') });
    fc.assert(
      fc.property(fc.array(fc.tuple(text.filter(Boolean), text)), (entries) => {
        expect(pairs(formatProperties(entries))).toEqual(entries);
      }),
    );
  });
});
