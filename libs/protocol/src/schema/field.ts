import { MalformedHeaderError, excerpt } from '../protocol-errors.js';

/** What a field's text means, as the documents and the comparison with Java call it. */
export type FieldType = 'string' | 'int32' | 'int64' | 'boolean' | 'enum';

/** One header field; on the wire every value is a string. `T` is read; `S` is written, `undefined` = left out. */
export interface Field<T, S = T> {
  readonly type: FieldType;
  readonly doc: string;
  /** Name on the wire where it differs, e.g. `b` for `topic` in SEND_MESSAGE_V2. */
  readonly wireName?: string;
  /** Unit of the number, e.g. `ms`, `bytes`, `messages`. */
  readonly unit?: string;
  /** The receiver refuses a message without this field. */
  readonly required: boolean;
  /** What the receiver sees when the sender left the field out. */
  readonly defaultValue?: T;
  /** @throws {MalformedHeaderError} the text is missing without a default, or no value of the type, or out of range. */
  parse(text: string | undefined, name: string): T;
  format(value: S): string | undefined;
}

interface FieldOptions {
  readonly doc: string;
  readonly wireName?: string;
  readonly unit?: string;
}
/** The receiver gets `undefined` when the field is absent. */
interface Optional {
  readonly optional: true;
}
interface Defaulted<T> {
  readonly default: T;
}
interface Range {
  readonly min?: number;
  readonly max?: number;
}

interface Shape<T> {
  readonly optional?: true;
  readonly default?: T;
}

function makeField<T>(
  type: FieldType,
  options: FieldOptions & Shape<T>,
  parseText: (text: string, name: string) => T,
  formatValue: (value: T) => string,
): Field<T | undefined> {
  const fallback = options.default;
  const required = options.optional !== true && fallback === undefined;
  return {
    type,
    doc: options.doc,
    required,
    ...(options.wireName === undefined ? {} : { wireName: options.wireName }),
    ...(options.unit === undefined ? {} : { unit: options.unit }),
    ...(fallback === undefined ? {} : { defaultValue: fallback }),
    parse(text, name) {
      if (text !== undefined) return parseText(text, name);
      if (required) throw new MalformedHeaderError(name, 'is missing');
      return fallback;
    },
    format: (value) => (value === undefined ? undefined : formatValue(value)),
  };
}

/** Text. The empty string is a value in JSON headers and absent in binary headers. */
export function string(options: FieldOptions): Field<string>;
export function string(options: FieldOptions & Optional): Field<string | undefined>;
export function string(
  options: FieldOptions & Defaulted<string>,
): Field<string, string | undefined>;
export function string(options: FieldOptions & Shape<string>): Field<string | undefined> {
  return makeField('string', options, same, same);
}
const same = (text: string): string => text;

/** A signed 32-bit integer in decimal digits. */
export function int32(options: FieldOptions & Range): Field<number>;
export function int32(options: FieldOptions & Range & Optional): Field<number | undefined>;
export function int32(
  options: FieldOptions & Range & Defaulted<number>,
): Field<number, number | undefined>;
export function int32(options: FieldOptions & Range & Shape<number>): Field<number | undefined> {
  const min = options.min ?? -0x8000_0000;
  const max = options.max ?? 0x7fff_ffff;
  return makeField('int32', options, (text, name) => parseInteger(text, name, min, max), String);
}

/**
 * A signed 64-bit integer in decimal digits that fits a safe `number`. `saturate` is for moments and durations, where
 * Java's clients send `Long.MAX_VALUE` for "no end": such a value is read as the largest safe integer.
 */
interface Int64Options extends FieldOptions, Range {
  readonly saturate?: boolean;
  /** The number is only compared: beyond what a `number` holds exactly it is rounded. */
  readonly rounded?: boolean;
}
export function int64(options: Int64Options): Field<number>;
export function int64(options: Int64Options & Optional): Field<number | undefined>;
export function int64(options: Int64Options & Defaulted<number>): Field<number, number | undefined>;
export function int64(options: Int64Options & Shape<number>): Field<number | undefined> {
  const min = options.min ?? Number.MIN_SAFE_INTEGER;
  const max = options.max ?? (options.rounded === true ? 2 ** 63 : Number.MAX_SAFE_INTEGER);
  const saturate = options.saturate === true;
  return makeField(
    'int64',
    options,
    (text, name) => parseInteger(saturate ? clampLong(text) : text, name, min, max),
    String,
  );
}

/** `true` or `false` in any letter case. */
export function boolean(options: FieldOptions): Field<boolean>;
export function boolean(options: FieldOptions & Optional): Field<boolean | undefined>;
export function boolean(
  options: FieldOptions & Defaulted<boolean>,
): Field<boolean, boolean | undefined>;
export function boolean(options: FieldOptions & Shape<boolean>): Field<boolean | undefined> {
  return makeField('boolean', options, parseBoolean, String);
}

/** One of the given words in any letter case; read and written in the spelling given here. */
export function oneOf<W extends string>(
  options: FieldOptions & Defaulted<W> & { readonly words: readonly W[] },
): Field<W, W | undefined> {
  const parseWord = (text: string, name: string): W => {
    const word = options.words.find((candidate) => candidate.toLowerCase() === text.toLowerCase());
    if (word === undefined) throw new MalformedHeaderError(name, `has no meaning ${excerpt(text)}`);
    return word;
  };
  return makeField<W>('enum', options, parseWord, (word) => word) as Field<W, W | undefined>;
}

/** The same fields under other names on the wire. */
export function withWireNames<F extends Readonly<Record<string, object>>>(
  fields: F,
  wireNames: { readonly [K in keyof F]: string },
): F {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, { ...field, wireName: wireNames[name]! }]),
  ) as F;
}

/**
 * Fields that every request derived from Java's `RpcRequestHeader` may carry. None of them changes what a broker of
 * the classic protocol does; they are declared so that nothing sent is unknown.
 */
export const rpcFields = {
  bname: string({ optional: true, doc: 'Broker name a static-topic client meant to reach.' }),
  ns: string({ optional: true, doc: 'Namespace the client has already put in front of names.' }),
  nsd: boolean({ optional: true, doc: 'Whether names still lack their namespace.' }),
  oway: boolean({
    optional: true,
    doc: 'Whether the caller wants no answer; the flag bit decides.',
  }),
};

/** `rpcFields` and the one that requests naming a topic add. */
export const routingFields = {
  ...rpcFields,
  lo: boolean({ optional: true, doc: 'Static topics: the queue id is already a physical one.' }),
};

function parseInteger(text: string, name: string, min: number, max: number): number {
  if (!isDecimal(text)) throw new MalformedHeaderError(name, `is no integer: ${excerpt(text)}`);
  const value = Number(text);
  if (value >= min && value <= max) return value;
  throw new MalformedHeaderError(name, `must lie in ${min} … ${max}, not ${excerpt(text)}`);
}

/** As Java's `parseLong`: an optional sign, then digits alone; at most 20 characters. */
function isDecimal(text: string): boolean {
  const first = text.charCodeAt(0);
  const from = first === 0x2d || first === 0x2b ? 1 : 0;
  if (text.length === from || text.length > 20) return false;
  for (let i = from; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x30 || unit > 0x39) return false;
  }
  return true;
}

function clampLong(text: string): string {
  if (!isDecimal(text)) return text;
  const value = Number(text);
  if (value > Number.MAX_SAFE_INTEGER) return String(Number.MAX_SAFE_INTEGER);
  return value < Number.MIN_SAFE_INTEGER ? String(Number.MIN_SAFE_INTEGER) : text;
}

function parseBoolean(text: string, name: string): boolean {
  if (text === 'true') return true;
  if (text === 'false') return false;
  const lower = text.toLowerCase();
  if (lower === 'true' || lower === 'false') return lower === 'true';
  throw new MalformedHeaderError(name, `is neither true nor false: ${excerpt(text)}`);
}
