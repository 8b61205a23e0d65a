import { MalformedBodyError } from '../protocol-errors.js';
import type { BodyCodec } from '../schema/body.codec.js';
import { parseJson } from './json-reader.js';
import { STRICT_JSON } from './json-type.js';
import type { JsonStyle, JsonType } from './json-type.js';

/** Largest JSON body that is parsed. */
export const JSON_BODY_BYTES_MAX = 4 * 1024 * 1024;

/** Text of a value. */
export const formatJson = <T>(
  type: JsonType<T>,
  value: T,
  style: JsonStyle = STRICT_JSON,
): string => type.write(value, style) ?? 'null';

/** A value from text. @throws {MalformedBodyError} */
export const readJson = <T>(type: JsonType<T>, text: string): T => type.read(parseJson(text), '');

/** A body of JSON. */
export const jsonBody = <T>(
  doc: string,
  type: JsonType<T>,
  options: { readonly style?: JsonStyle; readonly bytesMax?: number } = {},
): BodyCodec<T> => {
  const bytesMax = options.bytesMax ?? JSON_BODY_BYTES_MAX;
  return {
    doc: `${doc} (JSON)`,
    decode(bytes) {
      if (bytes.length === 0) throw new MalformedBodyError('', 'is missing');
      if (bytes.length > bytesMax) {
        throw new MalformedBodyError(
          '',
          `has ${bytes.length} bytes, at most ${bytesMax} are taken`,
        );
      }
      return readJson(type, bytes.toString('utf8'));
    },
    encode: (value) => Buffer.from(formatJson(type, value, options.style), 'utf8'),
  };
};

/**
 * Lays compact JSON out as Apache's config files are: one tab per level, no space after colons. Takes the text of
 * `formatJson`, also with bare numeric keys.
 * Source: fastjson 1.2.83 `SerializerFeature.PrettyFormat`.
 */
export function prettyJson(compact: string): string {
  let result = '';
  let depth = 0;
  for (let i = 0; i < compact.length; i++) {
    const char = compact.charAt(i);
    if (char === '"') {
      const end = stringEnd(compact, i);
      result += compact.slice(i, end);
      i = end - 1;
    } else if (char === '{' || char === '[') {
      const empty = compact.charAt(i + 1) === (char === '{' ? '}' : ']');
      if (!empty) result += `${char}${lineBreak(++depth)}`;
      else result += char + compact.charAt(++i);
    } else if (char === '}' || char === ']') result += `${lineBreak(--depth)}${char}`;
    else result += char === ',' ? `,${lineBreak(depth)}` : char;
  }
  return result;
}

const lineBreak = (depth: number): string => `\n${'\t'.repeat(depth)}`;

function stringEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text.charAt(i) === '\\') i++;
    else if (text.charAt(i) === '"') return i + 1;
  }
  return text.length;
}
