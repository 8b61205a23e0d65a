import { MalformedBodyError, MalformedFrameError } from '../protocol-errors.js';
import { UnsafeJsonInteger, parseJson } from '../json/json-reader.js';
import type { JsonObject, JsonValue } from '../json/json-reader.js';
import { LanguageCode, languageCodeOf, languageName } from '../peer-version.js';
import type { ExtFields } from '../schema/header.codec.js';
import type { FrameHead } from './encode-frame.js';
import type { RemotingFrame } from './frame.js';
import type { FrameWriter } from './frame-writer.js';
import { scanJsonHeader } from './json-header.scanner.js';

/** The header object, the object of ext fields, and one to spare for fields that are unknown here. */
const HEADER_DEPTH_MAX = 3;

/**
 * Reads a JSON header into the frame. Layouts that clients really send are found by walking the bytes once and
 * leave the ext fields for later; everything else is parsed as a whole.
 * Source: rocketmq 5.5.0 `RemotingCommand#headerDecode`.
 * @throws {MalformedFrameError} it is no object, lacks a code, or a value is of the wrong type.
 */
export function decodeJsonHeader(frame: RemotingFrame): void {
  if (!frame.layout.match(frame) && !scanJsonHeader(frame)) readHeader(frame);
}

/** Reads the ext fields that `decodeJsonHeader` left where they are. @throws {MalformedFrameError} */
export function parseJsonExt(frame: RemotingFrame): ExtFields {
  return readSimpleExt(frame) ?? extOf(frame, parseHeader(frame));
}

/** Reads the whole header with the general reader. */
function readHeader(frame: RemotingFrame): void {
  const header = parseHeader(frame);
  frame.code = integerOf(header, 'code') ?? missing('code');
  frame.opaque = integerOf(header, 'opaque') ?? 0;
  frame.flag = integerOf(header, 'flag') ?? 0;
  frame.version = integerOf(header, 'version') ?? 0;
  const language = textOf(header, 'language');
  frame.languageCode = language === undefined ? LanguageCode.JAVA : languageCodeOf(language);
  const remark = textOf(header, 'remark');
  frame.remark = remark === '' ? undefined : remark;
  frame.setExt(extOf(frame, header));
}

function parseHeader(frame: RemotingFrame): JsonObject {
  const text = frame.bytes.toString('utf8', frame.headerStart, frame.headerEnd);
  let header: JsonValue;
  try {
    header = parseJson(text, { depthMax: HEADER_DEPTH_MAX });
  } catch (error) {
    if (!(error instanceof MalformedBodyError)) throw error;
    throw new MalformedFrameError('the header is no JSON', { cause: error });
  }
  if (header instanceof Map) return header;
  throw new MalformedFrameError('the header is no JSON object');
}

function extOf(frame: RemotingFrame, header: JsonObject): ExtFields {
  const fields = header.get('extFields');
  const ext: ExtFields = new Map();
  if (fields === undefined || fields === null) return ext;
  if (!(fields instanceof Map)) throw new MalformedFrameError('extFields is no object');
  if (fields.size > frame.extCountMax) throw tooManyExt(frame);
  for (const [name, value] of fields) {
    const text = scalarText(value);
    if (text === undefined) throw new MalformedFrameError('an ext field is no text');
    if (text !== null) ext.set(name, text);
  }
  return ext;
}

const tooManyExt = (frame: RemotingFrame): MalformedFrameError =>
  new MalformedFrameError(`more than ${frame.extCountMax} ext fields`);

/** The text of a scalar, `null` for null, `undefined` for arrays and objects. */
function scalarText(value: JsonValue): string | null | undefined {
  if (typeof value === 'string' || value === null) return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value instanceof UnsafeJsonInteger ? value.text : undefined;
}

function integerOf(header: JsonObject, name: string): number | undefined {
  const value = header.get(name);
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && (number | 0) === number) return number;
  throw new MalformedFrameError(`${name} is no 32-bit integer`);
}

function textOf(header: JsonObject, name: string): string | undefined {
  const value = header.get(name);
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw new MalformedFrameError(`${name} is no text`);
}

function missing(name: string): never {
  throw new MalformedFrameError(`the header has no ${name}`);
}

/**
 * The ext fields where they are what clients send: an object of strings without white space. `undefined` where
 * anything else stands.
 */
function readSimpleExt(frame: RemotingFrame): ExtFields | undefined {
  const text = frame.bytes.toString('utf8', frame.extStart, frame.extEnd);
  const ext: ExtFields = new Map();
  const last = text.length - 1;
  if (text === '{}') return ext;
  let at = 0;
  while (at < last) {
    if (text.charCodeAt(at + 1) !== 0x22) return undefined;
    const keyEnd = text.indexOf('"', at + 2);
    if (keyEnd < 0 || text.charCodeAt(keyEnd + 1) !== 0x3a) return undefined;
    if (text.charCodeAt(keyEnd + 2) !== 0x22) return undefined;
    const key = text.slice(at + 2, keyEnd);
    if (key.includes('\\')) return undefined;
    const valueStart = keyEnd + 3;
    const valueEnd = closingQuote(text, valueStart);
    if (valueEnd < 0) return undefined;
    const value = unescape(text.slice(valueStart, valueEnd));
    if (value === undefined) return undefined;
    ext.set(key, value);
    if (ext.size > frame.extCountMax) throw tooManyExt(frame);
    at = valueEnd + 1;
    if (at < last && text.charCodeAt(at) !== 0x2c) return undefined;
  }
  return ext;
}

/** Position of the quote that ends the string starting at `from`, or −1. */
function closingQuote(text: string, from: number): number {
  let quote = text.indexOf('"', from);
  while (quote > 0 && text.charCodeAt(quote - 1) === 0x5c) {
    let backslashes = 1;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) break;
    quote = text.indexOf('"', quote + 1);
  }
  return quote;
}

/** The value of a string's inside by the rules of strict JSON; `undefined` where those do not allow it. */
function unescape(raw: string): string | undefined {
  if (!raw.includes('\\')) return raw;
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch (error) {
    // Not strict JSON: the general reader knows the dialect and words the failure.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Writes a JSON header, properties in fastjson's order, and returns its length.
 * Source: rocketmq 5.5.0 `RemotingCommand#headerEncode`, `RemotingSerializable#encode`.
 */
export function writeJsonHeader(writer: FrameWriter, head: FrameHead): number {
  let text = `{"code":${head.code},`;
  if (head.ext !== undefined) text += `"extFields":${extText(head.ext)},`;
  text += `"flag":${head.flag},"language":"${languageName(head.languageCode)}","opaque":${head.opaque},`;
  if (head.remark !== undefined) text += `"remark":${JSON.stringify(head.remark)},`;
  return writer.text(`${text}"serializeTypeCurrentRPC":"JSON","version":${head.version}}`);
}

function extText(ext: ExtFields): string {
  let text = '{';
  let separator = '';
  for (const [name, value] of ext) {
    text += `${separator}${JSON.stringify(name)}:${JSON.stringify(value)}`;
    separator = ',';
  }
  return `${text}}`;
}
