import { describe, expect, it } from '@jest/globals';
import { TopicSysFlag, UpdateAndCreateTopic } from '@rocketmq-ts/protocol';
import { heartbeat } from './heartbeat.js';
import { newTopic } from './requests.js';
import { brokerForEachTest, type SimulatedBroker } from './simulated-broker.js';

let broker: SimulatedBroker;
brokerForEachTest((started) => (broker = started));

const flagOf = (name: string): number | undefined => broker.topic(name)?.topicSysFlag;

describe('unit mode', () => {
  it('marks a topic that a producer in a unit makes', async () => {
    await broker.sent('units', 'x', { header: { unitMode: true } });
    await broker.sent('plain', 'x');
    expect([flagOf('units'), flagOf('plain')]).toEqual([TopicSysFlag.UNIT, 0]);
    const answer = await broker.pull('units', 0);
    expect(answer.ext.get('topicSysFlag')).toBe(String(TopicSysFlag.UNIT));
  });

  it('marks the retry topic of a group in a unit', async () => {
    await heartbeat(broker, { group: 'in-unit', consumer: { unitMode: true } });
    await heartbeat(broker, { group: 'outside' });
    expect(flagOf('%RETRY%in-unit')).toBe(TopicSysFlag.UNIT_SUB);
    expect(flagOf('%RETRY%outside')).toBe(0);
  });

  it('is kept as an operator sets it, also over a restart', async () => {
    const both = TopicSysFlag.UNIT | TopicSysFlag.UNIT_SUB;
    await broker.call(UpdateAndCreateTopic, newTopic('both', { topicSysFlag: both }));
    await broker.sent('both', 'x');
    await broker.restart();
    expect(flagOf('both')).toBe(both);
  });
});
