import { describe, expect, it } from '@jest/globals';
import { MalformedBodyError } from '../protocol-errors.js';
import { formatJson, jsonBody, prettyJson, readJson } from './json-text.js';
import * as json from './json-type.js';

const Shape = json.object({
  topic: json.text,
  count: json.defaulted(json.int32, () => 3),
  note: json.optional(json.text),
  table: json.defaulted(json.numberMapOf(json.int64), () => new Map<number, number>()),
});

describe('a JSON shape', () => {
  it('writes properties in alphabetical order and leaves absent ones out', () => {
    const value = { topic: 't', count: 1, table: new Map([[0, 5]]) };
    expect(formatJson(Shape, value)).toBe('{"count":1,"table":{"0":5},"topic":"t"}');
    expect(formatJson(Shape, value, json.FASTJSON)).toBe('{"count":1,"table":{0:5},"topic":"t"}');
  });

  it('reads defaults for what is absent or null, and ignores what it does not know', () => {
    expect(readJson(Shape, '{"topic":"t","count":null,"other":[1]}')).toEqual({
      topic: 't',
      count: 3,
      table: new Map(),
    });
  });

  it('keeps the text of entries that are written again and again, for each style', () => {
    let writeCount = 0;
    const counted: json.JsonType<json.JsonOf<typeof Shape>> = {
      read: (value, path) => Shape.read(value, path),
      write: (value, style) => {
        writeCount++;
        return Shape.write(value, style);
      },
    };
    const Table = json.mapOf(json.remembered(counted));
    const entry = { topic: 't', count: 1, table: new Map([[0, 5]]) };
    const plain = json.mapOf(Shape);
    for (const style of [json.STRICT_JSON, json.FASTJSON, json.STRICT_JSON, json.FASTJSON]) {
      const table = new Map([['a', entry]]);
      expect(formatJson(Table, table, style)).toBe(formatJson(plain, table, style));
    }
    expect(writeCount).toBe(2);
    expect(readJson(Table, '{"a":{"topic":"t"}}').get('a')).toMatchObject({ count: 3 });
  });

  it('names the place of a wrong value', () => {
    const List = json.object({ items: json.list(Shape) });
    const failures: readonly (readonly [string, string])[] = [
      ['{"items":[{"topic":"t"},{"topic":[]}]}', 'items[1].topic is no text: an array'],
      ['{"items":[{}]}', 'items[0].topic is missing'],
      ['{"items":{}}', 'items is no array: an object'],
      ['{"items":[{"topic":"t","count":1.5}]}', 'items[0].count is no integer: "1.5"'],
      ['{"items":[{"topic":"t","count":2147483648}]}', 'items[0].count is no integer of'],
      ['{"items":[{"topic":"t","table":{"x":1}}]}', 'items[0].table."x" is no integer: "x"'],
      ['{"items":[{"topic":"t","table":{0:9223372036854775807}}]}', 'table."0" is no integer'],
      ['[]', 'is no object: an array'],
    ];
    for (const [text, message] of failures) {
      expect(() => readJson(List, text)).toThrow(MalformedBodyError);
      expect(() => readJson(List, text)).toThrow(message);
    }
  });

  it('takes numbers in quotes, and numbers as text, as fastjson does', () => {
    expect(readJson(json.int64, '"12"')).toBe(12);
    expect(readJson(json.text, '12')).toBe('12');
    expect(readJson(json.bool, '"true"')).toBe(true);
    expect(readJson(json.ordinalWord('A', 'B'), '1')).toBe('B');
    expect(() => readJson(json.word('A', 'B'), '1')).toThrow(MalformedBodyError);
  });

  it('rounds a version that counts nanoseconds, and writes it as an integer again', () => {
    const nanoseconds = '1763718000123456789';
    const rounded = readJson(json.roundedInt64, nanoseconds);
    expect(rounded).toBe(Number(nanoseconds));
    expect(readJson(json.roundedInt64, `"${nanoseconds}"`)).toBe(rounded);
    expect(readJson(json.roundedInt64, formatJson(json.roundedInt64, rounded))).toBe(rounded);
    expect(readJson(json.roundedInt64, '5')).toBe(5);
    for (const wrong of ['"x"', '1.5', 'true', '[]', 'null']) {
      expect(() => readJson(json.roundedInt64, wrong)).toThrow(MalformedBodyError);
    }
  });

  it('writes numbers with a fraction as Java does', () => {
    expect([0, 1.5, -2, Number.NaN].map((n) => formatJson(json.float64, n))).toEqual([
      '0.0',
      '1.5',
      '-2.0',
      'null',
    ]);
  });

  it('keys tables by objects', () => {
    const Table = json.objectMapOf(json.object({ q: json.int32 }), json.int64);
    const text = '{{"q":1}:5,{"q":2}:6}';
    expect(readJson(Table, text)).toEqual([
      [{ q: 1 }, 5],
      [{ q: 2 }, 6],
    ]);
    expect(formatJson(Table, readJson(Table, text))).toBe(text);
    expect(() => readJson(Table, '{"x":5}')).toThrow(MalformedBodyError);
  });
});

describe('jsonBody', () => {
  const body = jsonBody('Shape', Shape, { bytesMax: 30 });

  it('bounds what it parses and wants a body', () => {
    expect(body.decode(Buffer.from('{"topic":"t"}')).topic).toBe('t');
    expect(() => body.decode(Buffer.alloc(0))).toThrow(/body is missing/);
    expect(() => body.decode(Buffer.alloc(31, 0x20))).toThrow(/has 31 bytes, at most 30 are taken/);
    expect(body.doc).toBe('Shape (JSON)');
  });

  it('takes bytes that are no UTF-8 as replacement characters', () => {
    const bytes = Buffer.concat([
      Buffer.from('{"topic":"'),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ]);
    expect(body.decode(bytes).topic).toBe('\ufffd');
  });
});

describe('prettyJson', () => {
  it('lays out as fastjson does and leaves texts alone', () => {
    expect(prettyJson('{"a":{},"b":[],"c":{0:"x,{\\"y\\":[1]}"},"d":[1,2]}')).toBe(
      '{\n\t"a":{},\n\t"b":[],\n\t"c":{\n\t\t0:"x,{\\"y\\":[1]}"\n\t},\n\t"d":[\n\t\t1,\n\t\t2\n\t]\n}',
    );
  });
});
