import { describe, expect, it } from '@jest/globals';
import type { CheckRules, HalfTimes } from './check-policy.js';
import {
  decisionTooLate,
  dueMsOf,
  halfTimesOf,
  immunityMsOf,
  mustPark,
  mustRenew,
  waitAfterCheck,
} from './check-policy.js';

const rules: CheckRules = {
  timeoutMs: 6_000,
  checkCountMax: 15,
  intervalMs: 30_000,
  backoffMax: 8,
  keptMs: 100_000,
};
const half = (more: Partial<HalfTimes> = {}): HalfTimes => ({
  bornTimestampMs: 1_000,
  storeTimestampMs: 1_200,
  checkCount: 0,
  immunityMs: 6_000,
  ...more,
});

describe('the time in which a transaction is not checked', () => {
  it.each([
    [undefined, 6_000],
    ['60', 60_000],
    ['1', 6_000],
    ['-1', 6_000],
    ['soon', 6_000],
    ['', 6_000],
  ])('is, asked for as %j, %i ms', (text, immunityMs) => {
    const properties = new Map(
      text === undefined ? [] : [['CHECK_IMMUNITY_TIME_IN_SECONDS', text]],
    );
    expect(immunityMsOf(properties, rules.timeoutMs)).toBe(immunityMs);
  });
});

describe('an open transaction', () => {
  it.each([
    ['at the end of its immunity', {}, 7_000],
    ['by the broker’s clock when the producer’s is ahead', { bornTimestampMs: 9_999_999 }, 7_200],
    ['after one check', { checkCount: 1 }, 31_200],
    ['after three checks', { checkCount: 3 }, 121_200],
    ['after ten checks', { checkCount: 10 }, 241_200],
  ])('is due %s', (_when, more, dueMs) => {
    expect(dueMsOf(half(more), rules)).toBe(dueMs);
  });

  it('waits as long each time where there is no back-off', () => {
    const constant = { ...rules, backoffMax: 1 };
    expect([1, 2, 5, 1_000].map((count) => waitAfterCheck(count, constant))).toEqual(
      Array<number>(4).fill(30_000),
    );
  });

  it.each([
    ['14 checks', { checkCount: 14 }, 50_000, false],
    ['15 checks', { checkCount: 15 }, 50_000, true],
    ['an age up to the limit', {}, 101_000, false],
    ['an age beyond the limit', {}, 101_001, true],
  ])('with %s is parked or not', (_what, more, nowMs, parks) => {
    expect(mustPark(half(more), rules, nowMs)).toBe(parks);
  });

  it('is stored again before its record is deleted', () => {
    expect(mustRenew(half(), rules, 51_200)).toBe(false);
    expect(mustRenew(half(), rules, 51_201)).toBe(true);
  });

  it.each([
    [undefined, 0],
    ['7', 7],
    ['x', 0],
    ['-3', 0],
  ])('counts its checks: %j', (text, checkCount) => {
    const properties = new Map(text === undefined ? [] : [['TRANSACTION_CHECK_TIMES', text]]);
    const record = { bornTimestampMs: 1, storeTimestampMs: 2, properties };
    expect(halfTimesOf(record, rules).checkCount).toBe(checkCount);
  });
});

describe('a decision', () => {
  const record = (text?: string) => ({
    storeTimestampMs: 1_000,
    properties: new Map(text === undefined ? [] : [['CHECK_IMMUNITY_TIME_IN_SECONDS', text]]),
  });

  it.each([
    [undefined, 1_000_000, false],
    ['10', 11_000, false],
    ['10', 11_001, true],
    ['1', 7_000, false],
    ['1', 7_001, true],
  ])('with immunity %j is too late at %i ms or not', (text, nowMs, late) => {
    expect(decisionTooLate(record(text), 6_000, nowMs)).toBe(late);
  });
});
