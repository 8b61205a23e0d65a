import { describe, expect, it } from '@jest/globals';
import { MalformedHeaderError } from '../protocol-errors.js';
import { boolean, int32, int64, oneOf, string, withWireNames } from './field.js';

const doc = 'x';
const parsing =
  (field: { parse(text: string | undefined, name: string): unknown }, text?: string) => () =>
    field.parse(text, 'theField');

describe('Field', () => {
  it('names itself when it is missing', () => {
    for (const field of [string({ doc }), int32({ doc }), int64({ doc }), boolean({ doc })]) {
      expect(parsing(field)).toThrow(new MalformedHeaderError('theField', 'is missing'));
      expect(field.required).toBe(true);
    }
  });

  it('gives undefined or its default when it may be absent', () => {
    expect(string({ doc, optional: true }).parse(undefined, 'f')).toBeUndefined();
    expect(int32({ doc, default: 7 }).parse(undefined, 'f')).toBe(7);
    expect(boolean({ doc, default: false }).parse(undefined, 'f')).toBe(false);
    expect(int32({ doc, default: 7 }).format(undefined)).toBeUndefined();
  });

  it('takes integers as Java does and nothing else', () => {
    const field = int32({ doc });
    expect(
      ['0', '-7', '+5', '007', '2147483647', '-2147483648'].map((t) => field.parse(t, 'f')),
    ).toEqual([0, -7, 5, 7, 2147483647, -2147483648]);
    for (const text of [
      '',
      '-',
      '+',
      '1.0',
      '1e3',
      ' 1',
      '1 ',
      '0x1',
      'NaN',
      '2147483648',
      '٣',
      '1'.repeat(21),
    ]) {
      expect(parsing(field, text)).toThrow(MalformedHeaderError);
    }
  });

  it('refuses 64-bit integers that a number cannot hold (B9)', () => {
    const field = int64({ doc });
    expect(field.parse('9007199254740991', 'f')).toBe(Number.MAX_SAFE_INTEGER);
    expect(parsing(field, '9007199254740992')).toThrow(/theField must lie in/);
    expect(parsing(field, '9223372036854775807')).toThrow(MalformedHeaderError);
  });

  it("saturates moments, because Java's clients send Long.MAX_VALUE for no end", () => {
    const field = int64({ doc, saturate: true });
    expect(field.parse('9223372036854775807', 'f')).toBe(Number.MAX_SAFE_INTEGER);
    expect(field.parse('-9223372036854775808', 'f')).toBe(Number.MIN_SAFE_INTEGER);
    expect(parsing(field, 'soon')).toThrow(MalformedHeaderError);
  });

  it('rounds numbers that are only compared, such as versions in nanoseconds', () => {
    const field = int64({ doc, rounded: true });
    expect(field.parse('1763718000123456789', 'f')).toBe(Number('1763718000123456789'));
    expect(field.format(field.parse('1763718000123456789', 'f'))).toMatch(/^17637180001234\d{5}$/);
    expect(parsing(field, '99999999999999999999')).toThrow(MalformedHeaderError);
  });

  it('keeps ranges', () => {
    const field = int32({ doc, min: 0, max: 9 });
    expect(field.parse('9', 'f')).toBe(9);
    expect(parsing(field, '-1')).toThrow(/must lie in 0 … 9/);
  });

  it('takes booleans in any letter case and nothing else', () => {
    const field = boolean({ doc });
    expect(['true', 'FALSE', 'True'].map((t) => field.parse(t, 'f'))).toEqual([true, false, true]);
    for (const text of ['', '1', 'yes']) expect(parsing(field, text)).toThrow(MalformedHeaderError);
  });

  it('takes words in any letter case and writes them as declared', () => {
    const field = oneOf({ doc, words: ['LOWER', 'UPPER'], default: 'LOWER' });
    expect(field.parse('upper', 'f')).toBe('UPPER');
    expect(field.parse(undefined, 'f')).toBe('LOWER');
    expect(parsing(field, 'middle')).toThrow(/has no meaning "middle"/);
  });

  it('cuts long text of a peer in its error', () => {
    expect(parsing(int32({ doc }), 'x'.repeat(10_000))).toThrow(
      /^header field theField is no integer: "x{40}…"$/,
    );
  });

  it('can go by other names on the wire', () => {
    const fields = withWireNames({ topic: string({ doc }) }, { topic: 'b' });
    expect(fields.topic).toMatchObject({ wireName: 'b', doc: 'x' });
  });
});
