export { JSON_DEPTH_MAX, UnsafeJsonInteger, parseJson } from './json-reader.js';
export type { JsonLimits, JsonObject, JsonValue } from './json-reader.js';
export { JSON_BODY_BYTES_MAX, formatJson, jsonBody, prettyJson, readJson } from './json-text.js';
export * as json from './json-type.js';
export { FASTJSON, STRICT_JSON } from './json-type.js';
export type { JsonOf, JsonStyle, JsonType } from './json-type.js';
