import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  ConsumerOffsetWrapper,
  FASTJSON,
  formatJson,
  prettyJson,
  readJson,
} from '@rocketmq-ts/protocol';
import { SimulatedClock, SimulatedRandom } from '@rocketmq-ts/testing';
import { ConsumerOffsetTable } from './consumer-offset-table.js';
import { broadcastGroupOf } from './offset-key.js';

/** Written by Apache's own class. */
const APACHES_FILE = readFileSync(
  new URL('../../../protocol/test/golden/config.consumerOffset.bin', import.meta.url),
  'utf8',
);
const newTable = (entryCountMax?: number) =>
  new ConsumerOffsetTable(new SimulatedClock(), entryCountMax);

describe('ConsumerOffsetTable', () => {
  it('reads what Apache wrote', () => {
    const table = newTable();
    table.restore(readJson(ConsumerOffsetWrapper, APACHES_FILE));
    expect(table.query('ConsumerGroup', 'TopicTest', 0)).toBe(1_500);
    expect(table.query('ConsumerGroup', 'TopicTest', 15)).toBe(Number.MAX_SAFE_INTEGER);
    expect(table.query('ConsumerGroup', '%RETRY%ConsumerGroup', 0)).toBe(3);
    expect(table.topicsOf('ConsumerGroup')).toEqual(['TopicTest', '%RETRY%ConsumerGroup']);
    expect(table.takeChanged()).toBe(false);
  });

  it('writes the same lines', () => {
    const table = newTable();
    table.restore(readJson(ConsumerOffsetWrapper, APACHES_FILE));
    const part = (text: string) => /"offsetTable":\{[\s\S]*?\n\t\}/.exec(text)![0];
    expect(part(table.configText())).toBe(part(APACHES_FILE));
  });

  it('writes the same text with and without reused lines', () => {
    const random = new SimulatedRandom(3);
    const table = newTable();
    for (let round = 0; round < 200; round++) {
      const [group, topic] = [`g${random.below(6)}`, `t${random.below(4)}`];
      if (random.below(10) === 0) table.removeGroup(group);
      else if (random.below(20) === 0) table.removeTopic(topic);
      else table.commit(group, topic, random.below(3), random.below(1_000));
      const fresh = newTable();
      const text = table.configText();
      fresh.restore(readJson(ConsumerOffsetWrapper, text));
      expect(fresh.configText()).toBe(text);
      const inOneGo = formatJson(
        ConsumerOffsetWrapper,
        readJson(ConsumerOffsetWrapper, text),
        FASTJSON,
      );
      expect(text).toBe(prettyJson(inOneGo));
    }
  });

  it('holds a bounded number of queues, and makes room when groups go', () => {
    const table = newTable(3);
    expect(table.commit('g', 't', 0, 1)).toBe('committed');
    expect(table.commit('g', 't', 1, 1)).toBe('committed');
    expect(table.commit('h', 't', 0, 1)).toBe('committed');
    expect(table.commit('h', 't', 1, 1)).toBe('too-many-queues');
    expect(table.commit('h', 't', 0, 2)).toBe('committed');
    table.removeGroup('g');
    expect(table.commit('h', 't', 1, 1)).toBe('committed');
    expect(table.query('g', 't', 0)).toBeUndefined();
  });

  it('knows whether there is something to save', () => {
    const table = newTable();
    table.commit('g', 't', 0, 1);
    expect(table.takeChanged()).toBe(true);
    table.commit('g', 't', 0, 1);
    expect(table.takeChanged()).toBe(false);
    table.markChanged();
    expect(table.takeChanged()).toBe(true);
    table.removeTopic('t');
    expect(table.takeChanged()).toBe(true);
    expect(table.groupsOf('t')).toEqual([]);
  });

  it('is not confused by keys that are none, or offsets below zero', () => {
    const table = newTable();
    const offsetTable = new Map([
      ['no separator', new Map([[0, 1]])],
      ['a@b@c', new Map([[0, 1]])],
      ['t@g', new Map([[0, 5]])],
    ]);
    table.restore({ dataVersion: undefined, offsetTable });
    expect(table.topicsOf('g')).toEqual(['t']);
    table.commit('g', 't', 0, -7);
    expect(table.query('g', 't', 0)).toBe(0);
  });

  it('moves its version on every five hundred commits, as Apache does', () => {
    const table = newTable();
    const { counter } = table.dataVersion;
    for (let i = 0; i < 1_000; i++) table.commit('g', 't', 0, i);
    expect(table.dataVersion.counter).toBe(counter + 2);
  });

  it('does not let a commit undo a reset that its consumer has yet to hear of (I3)', () => {
    const table = newTable();
    const heard: unknown[] = [];
    table.onReset((...what) => heard.push(what));
    table.commit('g', 't', 0, 100);
    expect(table.reset('g', 't', 0, 40)).toBe('committed');
    expect(heard).toEqual([['g', 't', 0]]);
    expect(table.commit('g', 't', 0, 101)).toBe('reset-pending');
    expect(table.commit('g', 't', 1, 5)).toBe('committed');
    expect(table.query('g', 't', 0)).toBe(40);
    expect([table.takeReset('g', 't', 0), table.takeReset('g', 't', 0)]).toEqual([40, undefined]);
    expect(table.commit('g', 't', 0, 41)).toBe('committed');
    expect(table.pendingResetCount).toBe(0);
  });

  it('forgets resets and what was pulled with the group, and with the topic', () => {
    for (const forget of ['group', 'topic'] as const) {
      const table = newTable();
      table.reset('g', 't', 0, 40);
      table.notePulled('g', 't', 0, 50);
      if (forget === 'group') table.removeGroup('g');
      else table.removeTopic('t');
      expect(table.takeReset('g', 't', 0)).toBeUndefined();
      expect(table.pulledOffset('g', 't', 0)).toBeUndefined();
      expect(table.commit('g', 't', 0, 1)).toBe('committed');
    }
  });

  it('clones the offsets of a group in place of those that the other one has', () => {
    const table = newTable(5);
    for (const queueId of [0, 1]) table.commit('from', 't', queueId, 10 + queueId);
    for (const queueId of [1, 2]) table.commit('to', 't', queueId, 99);
    expect(table.clone('from', 'to', 't')).toBe(2);
    expect([...table.queuesOf('to', 't')!]).toEqual([
      [0, 10],
      [1, 11],
    ]);
    table.commit('from', 't', 0, 12);
    expect(table.query('to', 't', 0)).toBe(10);
    expect(table.clone('from', 'third', 't')).toBe(0);
    expect(table.queuesOf('third', 't')).toBeUndefined();
    expect(table.clone('nobody', 'to', 't')).toBe(0);
    expect(table.clone('to', 'to', 't')).toBe(0);
    expect(table.query('to', 't', 0)).toBe(10);
  });

  it('keeps the offsets of broadcasting groups apart, and goes with the group', () => {
    const table = newTable();
    table.commit(broadcastGroupOf('g'), 't', 0, 5);
    const again = newTable();
    again.restore(readJson(ConsumerOffsetWrapper, table.configText()));
    expect(again.query(broadcastGroupOf('g'), 't', 0)).toBe(5);
    expect([again.groupsOf('t'), again.topicsOf('g')]).toEqual([[], []]);
    again.removeGroup('g');
    expect(again.query(broadcastGroupOf('g'), 't', 0)).toBeUndefined();
  });
});
