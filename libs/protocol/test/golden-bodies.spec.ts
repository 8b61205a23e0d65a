import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import {
  decodeRegisterBody,
  decodeTopicRoute,
  encodeRegisterBody,
  encodeTopicRoute,
  prettyJson,
  readJson,
} from '../src/index.js';
import { formatLike, shapesOf } from './from-golden.js';
import { goldenFiles, goldenKinds } from './golden-files.js';

/** Java's description of the object, as plain JSON, with what our reading of the same bytes gives laid beside it. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(Array.from(value, ([k, v]) => [k, plain(v)]));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
}

/** Sorts what Java kept in hash order: pairs become `{key, value}` as the golden index has them. */
function sorted(value: unknown): unknown {
  if (!Array.isArray(value)) {
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, entry]) => entry !== null)
        .map(([k, v]) => [k, sorted(v)]),
    );
  }
  const pairs = value.every((entry) => Array.isArray(entry) && entry.length === 2);
  const items = (pairs ? value.map(([k, v]) => ({ key: k, value: v })) : value).map(sorted);
  return items.map((item) => JSON.stringify(item)).sort();
}

interface GoldenBody {
  readonly class: string;
  readonly object: unknown;
}

describe('bodies written by Apache 5.5.0', () => {
  for (const { file, bytes, value } of goldenFiles<GoldenBody>('body')) {
    const { described, ours } = shapesOf(file, value.class);
    // Configuration files are laid out over lines; all but the nameserver's, which Java writes compactly.
    const layOut = bytes.includes('\n\t') ? prettyJson : (json: string): string => json;
    it(`${file}: is read as Java's object and written back byte for byte`, () => {
      const text = bytes.toString('utf8');
      const inJavasWords = plain(readJson(described, text));
      expect(sorted(value.object)).toMatchObject(sorted(inJavasWords) as object);
      expect(layOut(formatLike(ours, readJson(ours, text), text))).toBe(text);
    });
  }

  for (const { file, bytes, value } of goldenFiles<GoldenBody>('register-broker-compressed')) {
    it(`${file}: is inflated and read, and written so that it inflates to the same bytes`, () => {
      const body = decodeRegisterBody(bytes, { compressed: true, peerVersion: 513 });
      const { topicConfigTable } = body.topicConfigSerializeWrapper;
      expect([...topicConfigTable.keys()]).toEqual([
        'FifoTopic',
        'TopicTest',
        '%RETRY%ConsumerGroup',
      ]);
      // Order and sys flag of FifoTopic do not travel in this form.
      expect(topicConfigTable.get('FifoTopic')).toMatchObject({ order: false, topicSysFlag: 0 });
      expect(plain(body)).toMatchObject({
        filterServerList: (value.object as { filterServerList: string[] }).filterServerList,
        topicConfigSerializeWrapper: {
          dataVersion: { counter: 7, stateVersion: 0, timestamp: 1_700_000_000_000 },
          topicConfigTable: {
            FifoTopic: { attributes: { 'message.type': 'FIFO' }, readQueueNums: 8, perm: 6 },
          },
          topicQueueMappingInfoMap: { StaticTopic: { currIdMap: { 0: 0, 1: 3 } } },
        },
      });
      const written = encodeRegisterBody(body, true);
      expect(inflateSync(written).equals(inflateSync(bytes))).toBe(true);
    });
  }

  it('route data has a form for old clients and a standard one', () => {
    const read = (name: string): Buffer =>
      readFileSync(new URL(`./golden/body.${name}.bin`, import.meta.url));
    const old = read('topic-route-data-full.old-client');
    const standard = read('topic-route-data-full.standard');
    expect(decodeTopicRoute(old)).toEqual(decodeTopicRoute(standard));
    expect(encodeTopicRoute(decodeTopicRoute(old), true).equals(standard)).toBe(true);
    expect(encodeTopicRoute(decodeTopicRoute(standard), false).equals(old)).toBe(true);
  });
});

it('every kind of golden file is looked at by some suite', () => {
  expect(goldenKinds().sort()).toEqual([
    'batch-body',
    'body',
    'frame',
    'message-id',
    'properties',
    'properties-text',
    'record',
    'records',
    'register-broker-compressed',
    'unique-id',
  ]);
});
