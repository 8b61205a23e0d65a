import { describe, expect, it } from '@jest/globals';
import {
  groupNameDefect,
  groupOfRetryTopic,
  isSystemTopic,
  mayBeSentTo,
  topicNameDefect,
} from './topic-name.js';

describe('the name of a topic', () => {
  it.each(['a', 'Orders_2024-01', 'a|b', '%RETRY%group', '%DLQ%group', 't'.repeat(127)])(
    'may be %s',
    (name) => expect(topicNameDefect(name)).toBeUndefined(),
  );

  it.each([
    ['', 'The specified topic is blank.'],
    ['  ', 'The specified topic is blank.'],
    ['a b', /^The specified topic: a b, contains illegal characters, allowing only/],
    ['größe', /contains illegal characters/],
    ['a/../b', /contains illegal characters/],
    ['a\n', /contains illegal characters/],
    ['t'.repeat(128), /127/],
    [`%RETRY%${'g'.repeat(249)}`, /255/],
  ])('may not be %j', (name, defect) => expect(topicNameDefect(name)).toMatch(defect));
});

describe('the name of a group', () => {
  it('follows the same alphabet', () => {
    expect(groupNameDefect('CID-orders_1')).toBeUndefined();
    expect(groupNameDefect('g'.repeat(120))).toBeUndefined();
    for (const bad of ['', ' ', 'a b', 'a@b', 'g'.repeat(121)]) {
      expect(groupNameDefect(bad)).toEqual(expect.any(String));
    }
  });

  it('stands in the name of its retry topic, in both forms', () => {
    expect(groupOfRetryTopic('%RETRY%group')).toBe('group');
    expect(groupOfRetryTopic('%RETRY%group+topic')).toBe('group');
    expect(groupOfRetryTopic('%RETRY%group_topic')).toBe('group_topic');
  });
});

it('topics of the system are known as such', () => {
  expect(['TBW102', 'SCHEDULE_TOPIC_XXXX', 'rmq_sys_anything'].map(isSystemTopic)).toEqual([
    true,
    true,
    true,
  ]);
  expect(['orders', '%RETRY%g', 'RMQ_SYS_other'].map(isSystemTopic)).toEqual([false, false, false]);
  expect(['SCHEDULE_TOPIC_XXXX', 'RMQ_SYS_TRANS_HALF_TOPIC'].map(mayBeSentTo)).toEqual([
    false,
    false,
  ]);
  expect(['TBW102', 'RMQ_SYS_TRACE_TOPIC'].map(mayBeSentTo)).toEqual([true, true]);
});
