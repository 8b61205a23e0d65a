import { MalformedBodyError, excerpt } from '../protocol-errors.js';
import { UnsafeJsonInteger, parseJson } from './json-reader.js';
import type { JsonValue } from './json-reader.js';

/** How text is written; what a reader accepts does not depend on it. */
export interface JsonStyle {
  /** Numeric map keys stand without quotes, as fastjson writes them and strict JSON forbids. */
  readonly bareNumericKeys: boolean;
}

export const STRICT_JSON: JsonStyle = { bareNumericKeys: false };
export const FASTJSON: JsonStyle = { bareNumericKeys: true };

/** A value's shape, declared once; reading, writing and the TypeScript type follow from it. */
export interface JsonType<T> {
  /** `path` names the place for errors. @throws {MalformedBodyError} */
  read(value: JsonValue | undefined, path: string): T;
  /** JSON text, or `undefined` where the value is absent and its key is to be left out. */
  write(value: T, style: JsonStyle): string | undefined;
}

/** The TypeScript type that a shape stands for. */
export type JsonOf<J> = J extends JsonType<infer T> ? T : never;

const wrong = (path: string, expected: string, value: JsonValue | undefined): MalformedBodyError =>
  new MalformedBodyError(
    path,
    value === undefined || value === null ? 'is missing' : `is no ${expected}: ${shown(value)}`,
  );

function shown(value: JsonValue): string {
  if (value instanceof UnsafeJsonInteger) return excerpt(value.text);
  if (value instanceof Map) return 'an object';
  return Array.isArray(value) ? 'an array' : excerpt(String(value));
}

/** Text; a number or boolean is taken as its text, as fastjson does. */
export const text: JsonType<string> = {
  read(value, path) {
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    if (value instanceof UnsafeJsonInteger) return value.text;
    throw wrong(path, 'text', value);
  },
  write: (value) => JSON.stringify(value),
};

/** An integer within `min` … `max`; also taken from digits in quotes, as fastjson does. */
const integer = (min: number, max: number): JsonType<number> => ({
  read(value, path) {
    const number =
      typeof value === 'string' && /^[+-]?\d{1,19}$/.test(value) ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number)) {
      throw wrong(path, 'integer', value);
    }
    if (number < min || number > max) throw wrong(path, `integer of ${min} … ${max}`, value);
    return number;
  },
  write: (value) => String(value),
});

export const int32: JsonType<number> = integer(-0x8000_0000, 0x7fff_ffff);
/** Java's `long` as far as a `number` holds it exactly; larger values are refused. */
export const int64: JsonType<number> = integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);

/**
 * Java's `long` that is only compared, such as a version: beyond what a `number` holds exactly it is rounded. The Go
 * client counts its subscriptions in nanoseconds.
 */
export const roundedInt64: JsonType<number> = {
  read(value, path) {
    const exact = value instanceof UnsafeJsonInteger ? value.text : value;
    if (typeof exact !== 'string' || !/^[+-]?\d{1,20}$/.test(exact)) return int64.read(value, path);
    return Number(exact);
  },
  write: (value) => BigInt(value).toString(),
};

/** A number with a fraction; what is not finite is written as `null`, as fastjson does. */
export const float64: JsonType<number> = {
  read(value, path) {
    if (value === null) return Number.NaN;
    const number = value instanceof UnsafeJsonInteger ? Number(value.text) : value;
    if (typeof number !== 'number') throw wrong(path, 'number', value);
    return number;
  },
  write: (value) => {
    if (!Number.isFinite(value)) return 'null';
    return Number.isInteger(value) ? value.toFixed(1) : String(value);
  },
};

export const bool: JsonType<boolean> = {
  read(value, path) {
    if (typeof value === 'boolean') return value;
    if (value === 'true' || value === 1) return true;
    if (value === 'false' || value === 0) return false;
    throw wrong(path, 'boolean', value);
  },
  write: (value) => String(value),
};

/** One of the names of a Java enum. */
export const word = <W extends string>(...words: readonly W[]): JsonType<W> => ({
  read(value, path) {
    const found = words.find((candidate) => candidate === value);
    if (found === undefined) throw wrong(path, `word of ${words.join(', ')}`, value);
    return found;
  },
  write: (value) => JSON.stringify(value),
});

/** As `word`; also taken from its position in the enum, as fastjson does. `words` stand in the order of the enum. */
export const ordinalWord = <W extends string>(...words: readonly W[]): JsonType<W> => {
  const inner = word(...words);
  return {
    read: (value, path) =>
      (typeof value === 'number' ? words[value] : undefined) ?? inner.read(value, path),
    write: (value, style) => inner.write(value, style),
  };
};

/** Absent and `null` are read as `undefined`; `undefined` is left out. */
export const optional = <T>(inner: JsonType<T>): JsonType<T | undefined> => ({
  read: (value, path) =>
    value === undefined || value === null ? undefined : inner.read(value, path),
  write: (value, style) => (value === undefined ? undefined : inner.write(value, style)),
});

/** Absent and `null` are read as a fresh `make()`. */
export const defaulted = <T>(inner: JsonType<T>, make: () => T): JsonType<T> => ({
  read: (value, path) => (value === undefined || value === null ? make() : inner.read(value, path)),
  write: (value, style) => inner.write(value, style),
});

/**
 * As `inner`, but the text of an object is made once and kept as long as the object: for entries of large tables that
 * are written again and again. The objects must not change.
 */
export const remembered = <T extends object>(inner: JsonType<T>): JsonType<T> => {
  const texts = new Map<JsonStyle, WeakMap<T, string | undefined>>();
  return {
    read: (value, path) => inner.read(value, path),
    write(value, style) {
      let known = texts.get(style);
      if (!known) texts.set(style, (known = new WeakMap<T, string | undefined>()));
      let written = known.get(value);
      if (written === undefined) known.set(value, (written = inner.write(value, style)));
      return written;
    },
  };
};

/** A Java list or set. */
export const list = <T>(item: JsonType<T>): JsonType<T[]> => ({
  read(value, path) {
    if (!Array.isArray(value)) throw wrong(path, 'array', value);
    return value.map((entry, i) => item.read(entry, `${path}[${i}]`));
  },
  write: (items, style) => `[${items.map((entry) => item.write(entry, style) ?? 'null').join()}]`,
});

/** A Java map with text keys. */
export const mapOf = <T>(item: JsonType<T>): JsonType<Map<string, T>> => ({
  read(value, path) {
    if (!(value instanceof Map)) throw wrong(path, 'object', value);
    const result = new Map<string, T>();
    for (const [key, entry] of value) result.set(key, item.read(entry, `${path}.${excerpt(key)}`));
    return result;
  },
  write(map, style) {
    const parts: string[] = [];
    for (const [key, entry] of map) {
      const written = item.write(entry, style);
      if (written !== undefined) parts.push(`${JSON.stringify(key)}:${written}`);
    }
    return `{${parts.join()}}`;
  },
});

/** A Java map with `Integer` or `Long` keys. */
export const numberMapOf = <T>(item: JsonType<T>): JsonType<Map<number, T>> => ({
  read(value, path) {
    if (!(value instanceof Map)) throw wrong(path, 'object', value);
    const result = new Map<number, T>();
    for (const [key, entry] of value) {
      const at = `${path}.${excerpt(key)}`;
      result.set(int64.read(key, at), item.read(entry, at));
    }
    return result;
  },
  write(map, style) {
    const quote = style.bareNumericKeys ? '' : '"';
    const parts: string[] = [];
    for (const [key, entry] of map) {
      const written = item.write(entry, style);
      if (written !== undefined) parts.push(`${quote}${key}${quote}:${written}`);
    }
    return `{${parts.join()}}`;
  },
});

/** A Java map whose keys are objects: written as fastjson does, `{{…}:value}`; read into pairs. */
export const objectMapOf = <K, T>(
  key: JsonType<K>,
  item: JsonType<T>,
): JsonType<(readonly [K, T])[]> => ({
  read(value, path) {
    if (!(value instanceof Map)) throw wrong(path, 'object', value);
    return Array.from(value, ([keyText, entry], i): readonly [K, T] => {
      const at = `${path}[${i}]`;
      return [key.read(parseJson(keyText), at), item.read(entry, at)];
    });
  },
  write: (pairs, style) =>
    `{${pairs.map(([k, v]) => `${key.write(k, style)}:${item.write(v, style)}`).join()}}`,
});

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- inference recovers each property's type
type Shape = Readonly<Record<string, JsonType<any>>>;
type AbsentKeys<S extends Shape> = {
  [K in keyof S]: undefined extends JsonOf<S[K]> ? K : never;
}[keyof S];
/** The object type of a shape: what may be absent may be left out. */
export type ShapeOf<S extends Shape> = {
  [K in Exclude<keyof S, AbsentKeys<S>>]: JsonOf<S[K]>;
} & { [K in AbsentKeys<S>]?: JsonOf<S[K]> };

/** A Java bean. Properties are written in alphabetical order, absent ones left out; unknown ones are ignored. */
export function object<S extends Shape>(shape: S): JsonType<ShapeOf<S>> {
  const names = Object.keys(shape).sort();
  return {
    read(value, path) {
      if (!(value instanceof Map)) throw wrong(path, 'object', value);
      const result: Record<string, unknown> = {};
      for (const name of names) {
        const read: unknown = shape[name]!.read(
          value.get(name),
          path === '' ? name : `${path}.${name}`,
        );
        if (read !== undefined) result[name] = read;
      }
      return result as ShapeOf<S>;
    },
    write(value, style) {
      const parts: string[] = [];
      for (const name of names) {
        const property: unknown = (value as Record<string, unknown>)[name];
        if (property === undefined) continue;
        const written = shape[name]!.write(property, style);
        if (written !== undefined) parts.push(`"${name}":${written}`);
      }
      return `{${parts.join()}}`;
    },
  };
}
