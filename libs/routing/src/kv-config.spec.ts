import { describe, expect, it } from '@jest/globals';
import { KvConfig } from './kv-config.js';

describe('KvConfig', () => {
  it('keeps entries by namespace, and a namespace that became empty', () => {
    const kv = new KvConfig({ kvEntryCountMax: 10 });
    expect(kv.list('n')).toBeUndefined();
    kv.put('n', 'k', 'v');
    kv.put('n', 'k', 'w');
    kv.put('__proto__', 'constructor', 'x');
    expect([kv.get('n', 'k'), kv.get('m', 'k'), kv.get('__proto__', 'constructor')]).toEqual([
      'w',
      undefined,
      'x',
    ]);
    expect(kv.delete('n', 'k')).toBe(true);
    expect(kv.delete('n', 'k')).toBe(false);
    expect(kv.list('n')?.size).toBe(0);
    expect(kv.entryCount).toBe(1);
  });

  it('refuses more entries and longer texts than it may keep (I1)', () => {
    const kv = new KvConfig({ kvEntryCountMax: 2 });
    expect([kv.put('a', '1', ''), kv.put('b', '1', '')]).toEqual([undefined, undefined]);
    expect(kv.put('c', '1', '')).toBe('TOO_MANY_ENTRIES');
    expect(kv.put('a', '1', 'changed')).toBeUndefined();
    expect(kv.put('a', 'k'.repeat(256), '')).toBe('TOO_LONG');
    expect(kv.put('a', '1', 'v'.repeat(65_537))).toBe('TOO_LONG');
    kv.delete('a', '1');
    expect(kv.put('c', '1', '')).toBeUndefined();
  });

  it('loads what was saved, and says what it had to leave out', () => {
    const kv = new KvConfig({ kvEntryCountMax: 1 });
    kv.put('old', 'k', 'v');
    const saved = new Map([
      ['empty', new Map<string, string>()],
      [
        'n',
        new Map([
          ['a', '1'],
          ['b', '2'],
        ]),
      ],
    ]);
    expect(kv.load(saved)).toBe(1);
    expect([...kv.all().keys()]).toEqual(['empty', 'n']);
    expect(kv.entryCount).toBe(1);
  });
});
