import { describe, expect, it } from '@jest/globals';
import { SimulatedRandom } from '@rocketmq-ts/testing';
import { QueueMarks } from './queue-marks.js';

describe('QueueMarks', () => {
  it('gives a mark, and takes it once', () => {
    const marks = new QueueMarks(10);
    marks.set('g', 't', 0, 7);
    expect(marks.get('g', 't', 0)).toBe(7);
    expect([marks.take('g', 't', 1), marks.take('g', 't', 0), marks.take('g', 't', 0)]).toEqual([
      undefined,
      7,
      undefined,
    ]);
    expect(marks.size).toBe(0);
  });

  it('does not mistake one name for another that ends or begins like it', () => {
    const marks = new QueueMarks(10);
    marks.set('group', 'topic', 0, 1);
    marks.forgetGroup('oup');
    marks.forgetTopic('top');
    expect(marks.size).toBe(1);
    marks.forgetTopic('topic');
    expect(marks.size).toBe(0);
  });

  it('counts as many marks as it holds, and no more than it may (I1)', () => {
    const random = new SimulatedRandom(5);
    const marks = new QueueMarks(12);
    const model = new Map<string, number>();
    for (let step = 0; step < 3_000; step++) {
      const [group, topic, queueId] = [
        `g${random.below(3)}`,
        `t${random.below(3)}`,
        random.below(3),
      ];
      const key = `${group}/${topic}/${queueId}`;
      const action = random.below(10);
      if (action < 6) {
        const taken = model.has(key) || model.size < 12;
        expect(marks.set(group, topic, queueId, step)).toBe(taken);
        if (taken) model.set(key, step);
      } else if (action < 8) {
        expect(marks.take(group, topic, queueId)).toBe(model.get(key));
        model.delete(key);
      } else if (action === 8) {
        marks.forgetGroup(group);
        for (const known of [...model.keys()])
          if (known.startsWith(`${group}/`)) model.delete(known);
      } else {
        marks.forgetTopic(topic);
        for (const known of [...model.keys()])
          if (known.includes(`/${topic}/`)) model.delete(known);
      }
      expect(marks.size).toBe(model.size);
    }
  });
});
