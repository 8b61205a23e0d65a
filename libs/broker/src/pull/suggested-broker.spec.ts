import { describe, expect, it } from '@jest/globals';
import { defaultSubscriptionGroup } from '@rocketmq-ts/protocol';
import { suggestedBroker } from './suggested-broker.js';

const group = { ...defaultSubscriptionGroup('g'), brokerId: 0, whichBrokerWhenConsumeSlowly: 3 };
const readAt = (commitLogOffset: number, fromDisk = true) => {
  const record = Buffer.alloc(100);
  record.writeBigInt64BE(BigInt(commitLogOffset), 28);
  return { fromDisk, pieces: [record] };
};
const facts = { slaveRead: true, isSlave: false, recentBytes: 1_000, logEnd: 5_000 };

describe('suggestedBroker', () => {
  it('is the master unless slaves may be read', () => {
    expect(suggestedBroker({ ...facts, slaveRead: false }, group, readAt(0))).toBe(0);
  });

  it('is where the group wants it for consumers farther behind than memory reaches', () => {
    expect(suggestedBroker(facts, group, readAt(3_999))).toBe(3);
    expect(suggestedBroker(facts, group, readAt(4_000))).toBe(0);
    expect(suggestedBroker(facts, group, readAt(0, false))).toBe(0);
  });

  it('keeps those who are behind on a slave, and sends back those who have caught up or found nothing', () => {
    const slave = { ...facts, isSlave: true };
    const own = { ...group, brokerId: 2 };
    expect(suggestedBroker(slave, own, readAt(0))).toBe(3);
    expect(suggestedBroker(slave, own, readAt(4_500))).toBe(0);
    expect(suggestedBroker(slave, own, undefined)).toBe(0);
    expect(suggestedBroker(facts, own, undefined)).toBe(2);
  });
});
