import { describe, expect, it } from '@jest/globals';
import {
  defaultSubscriptionGroup,
  SubscriptionGroupConfig,
  SubscriptionGroupWrapper,
  TopicConfig,
  TopicConfigWrapper,
} from '@rocketmq-ts/protocol';
import { topicConfig } from '../topic/topic-creation.js';
import { configText } from './metadata-file.js';
import { TableText } from './table-text.js';

const dataVersion = { counter: 3, stateVersion: 0, timestamp: 1_700_000_000_000 };
const topics = (...names: string[]): Map<string, TopicConfig> =>
  new Map(names.map((name) => [name, topicConfig(name, { attributes: new Map([['a', '{}\n']]) })]));

describe('the text of a table', () => {
  it('is that of the whole, whether entries were written before or not', () => {
    const writer = new TableText(TopicConfigWrapper, TopicConfig);
    const table = topics('a', 'b"c', '%RETRY%x');
    for (const name of ['first', 'second', '']) {
      if (name !== '') table.set(name, topicConfig(name));
      else table.clear();
      expect(writer.write({ dataVersion, topicConfigTable: new Map() }, table)).toBe(
        configText(TopicConfigWrapper, { dataVersion, topicConfigTable: table }),
      );
    }
  });

  it('may have other members in front of it', () => {
    const writer = new TableText(SubscriptionGroupWrapper, SubscriptionGroupConfig);
    const table = new Map(['g', 'h'].map((name) => [name, defaultSubscriptionGroup(name)]));
    for (const forbiddenTable of [new Map(), new Map([['g', new Map([['t', 4]])]])]) {
      const frame = { dataVersion, forbiddenTable };
      expect(writer.write({ ...frame, subscriptionGroupTable: new Map() }, table)).toBe(
        configText(SubscriptionGroupWrapper, { ...frame, subscriptionGroupTable: table }),
      );
    }
  });

  it('of many entries costs little when one is added', () => {
    const writer = new TableText(TopicConfigWrapper, TopicConfig);
    const table = topics(...Array.from({ length: 10_000 }, (_, i) => `topic-${i}`));
    const write = (): number => {
      const startedMs = performance.now();
      writer.write({ dataVersion, topicConfigTable: new Map() }, table);
      return performance.now() - startedMs;
    };
    const firstMs = write();
    table.set('one-more', topicConfig('one-more'));
    const laterMs = Math.min(write(), write(), write());
    expect(laterMs).toBeLessThan(firstMs / 3);
  });
});
