import { beforeEach, describe, expect, it } from '@jest/globals';
import { ResolvedHalves } from './resolved-halves.js';
import { TransactionTable } from './transaction-table.js';

let table: TransactionTable;
beforeEach(() => {
  table = new TransactionTable(new ResolvedHalves(0));
});

describe('TransactionTable', () => {
  it('lets one at a time work on a transaction, and nobody after it is decided (I1, I2)', () => {
    expect(table.begin(4)).toBe('open');
    expect(table.begin(4)).toBe('busy');
    table.abandon(4);
    expect(table.begin(4)).toBe('open');
    table.settle(4, 4);
    expect(table.begin(4)).toBe('decided');
  });

  it('tells who waits when it is free, and at once where nobody works on it', () => {
    const heard: string[] = [];
    table.whenFree(1, () => heard.push('at once'));
    table.begin(1);
    table.whenFree(1, () => heard.push(table.begin(1)));
    table.whenFree(1, () => heard.push(table.begin(1)));
    table.abandon(1);
    expect(heard).toEqual(['at once', 'open', 'busy']);
  });

  it('lets the newest copy stand for a transaction', () => {
    table.begin(3);
    table.renew(3, 3, 8);
    expect(table.currentOf(3, 3)).toBe(8);
    table.begin(8);
    table.renew(8, 3, 12);
    expect([table.currentOf(3, 3), table.currentOf(3, 8)]).toEqual([12, 12]);
    expect(table.renewedCount).toBe(1);
    table.begin(12);
    table.settle(12, 3);
    expect(table.renewedCount).toBe(0);
    expect([3, 8, 12].map((offset) => table.begin(offset))).toEqual(
      Array<string>(3).fill('decided'),
    );
  });

  it('finds the older copy that a dead process left open', () => {
    expect(table.noteCopy(3, 3)).toBeUndefined();
    expect(table.noteCopy(3, 8)).toBe(3);
    expect(table.noteCopy(3, 12)).toBe(8);
    expect(table.noteCopy(3, 8)).toBeUndefined();
    expect(table.currentOf(3, 3)).toBe(12);
  });
});
