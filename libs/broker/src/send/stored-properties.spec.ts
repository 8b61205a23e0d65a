import { describe, expect, it } from '@jest/globals';
import { javaHashCode } from '@rocketmq-ts/kernel';
import { StoredProperties, fixedProperty, javaHashMapOrder } from './stored-properties.js';

const wire = (...pairs: readonly (readonly [string, string])[]): Buffer =>
  Buffer.from(pairs.map(([key, value]) => `${key}\u0001${value}\u0002`).join(''));

const written = (properties: StoredProperties): string => {
  properties.write();
  return properties.output.toString('utf8', 0, properties.outputBytes);
};

const keysOf = (text: string): string[] =>
  text
    .split('\u0002')
    .filter((piece) => piece !== '')
    .map((piece) => piece.split('\u0001')[0]!);

const read = (bytes: Buffer): StoredProperties => {
  const properties = new StoredProperties();
  properties.read(bytes, 0, bytes.length);
  return properties;
};

describe('StoredProperties', () => {
  it('writes the properties in the order of a Java HashMap with 128 buckets', () => {
    const put = ['UNIQ_KEY', 'WAIT', 'TAGS', 'KEYS', 'MSG_REGION', 'TRACE_ON', 'CLUSTER', 'DELAY'];
    put.push('REAL_TOPIC', 'REAL_QID', 'RETRY_TOPIC', 'ORIGIN_MESSAGE_ID', '__SHARDINGKEY');
    put.push('user-a', 'user-b', 'b2', 'schlüssel');
    // Printed by JDK 17: `new HashMap<>(128)` after these puts.
    const walked = ['b2', 'ORIGIN_MESSAGE_ID', 'RETRY_TOPIC', 'schlüssel', 'MSG_REGION'];
    walked.push('__SHARDINGKEY', 'UNIQ_KEY', 'CLUSTER', 'DELAY', 'TAGS', 'user-b', 'KEYS', 'WAIT');
    walked.push('TRACE_ON', 'REAL_TOPIC', 'user-a', 'REAL_QID');
    expect(keysOf(written(read(wire(...put.map((key) => [key, 'v'] as const)))))).toEqual(walked);
    expect(javaHashMapOrder(put)).toEqual(walked);
  });

  it('keeps the last of equal keys and drops pieces that Java drops', () => {
    const properties = read(
      Buffer.from('a\u00011\u0002a\u00012\u0002b\u0001\u0002\u0001c\u0002dd\u0002x\u0001y'),
    );
    expect(written(properties)).toBe('a\u00012\u0002x\u0001y\u0002');
  });

  it('finds known keys, whole and not by their hash alone', () => {
    const properties = read(wire(['UNIQ_KEY', 'id'], ['TAGS', 'TagA'], ['KEYSX', 'no']));
    expect(properties.text('UNIQ_KEY')).toBe('id');
    expect(properties.has('KEYS')).toBe(false);
    expect(properties.is('TAGS', Buffer.from('TagA'))).toBe(true);
    expect(properties.is('TAGS', Buffer.from('TagB'))).toBe(false);
  });

  it('replaces, adds and removes', () => {
    const properties = read(wire(['DELAY', '99'], ['POP_CK', 'x'], ['k', 'v']));
    properties.putText(fixedProperty('DELAY', ''), '18');
    properties.put(fixedProperty('CLUSTER', 'c'));
    properties.remove('POP_CK');
    const text = written(properties);
    expect(text).toContain('DELAY\u000118\u0002');
    expect(text).toContain('CLUSTER\u0001c\u0002');
    expect(text).not.toContain('POP_CK');
    expect(properties.has('POP_CK')).toBe(false);
  });

  it('takes more properties than the fast tables hold, in the order of the larger Java table', () => {
    const keys = Array.from({ length: 300 }, (_, i) => `key${i}`);
    const properties = read(wire(...keys.map((key) => [key, `${key}!`] as const), ['TAGS', 'T']));
    expect(properties.text('TAGS')).toBe('T');
    properties.put(fixedProperty('CLUSTER', 'c'));
    const order = keysOf(written(properties));
    expect(order).toHaveLength(302);
    // Printed by JDK 17: the first keys, and a hash over all of them in order.
    expect(order.slice(0, 4)).toEqual(['key198', 'key197', 'key199', 'key194']);
    const hash = order.reduce((sum, key) => (Math.imul(sum, 31) + javaHashCode(key)) | 0, 0);
    expect(hash).toBe(1_988_423_047);
  });

  it('forgets the message before', () => {
    const properties = read(wire(['TAGS', 'T'], ['x', 'y']));
    const next = wire(['z', 'z']);
    properties.read(next, 0, next.length);
    expect(properties.has('TAGS')).toBe(false);
    expect(written(properties)).toBe('z\u0001z\u0002');
  });
});
