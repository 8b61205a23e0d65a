import { describe, expect, it } from '@jest/globals';
import { PopAnswerInfo, formatReceiptHandle, parseReceiptHandle } from './receipt-handle.js';

const handle = {
  startOffset: 10,
  popTimeMs: 1_700_000_000_123,
  invisibleTimeMs: 60_000,
  reviveQueueId: 3,
  brokerName: 'broker-a',
  queueId: 2,
  queueOffset: 12,
};

describe('a receipt handle', () => {
  it.each([
    ['orders', '0'],
    ['%RETRY%group_orders', '1'],
    ['%RETRY%group+orders', '2'],
  ])('of %s has the text of Apache’s clients, and is read back', (topic, retry) => {
    const text = formatReceiptHandle({ ...handle, topic });
    expect(text).toBe(`10 1700000000123 60000 3 ${retry} broker-a 2 12`);
    expect(parseReceiptHandle(text)).toEqual({ ...handle, retry });
  });

  it('may have a ninth word, that of the gRPC proxy, or lack the last two', () => {
    expect(parseReceiptHandle('10 1 2 3 0 broker-a 2 12 4711')).toMatchObject({ queueOffset: 12 });
    expect(parseReceiptHandle('10 1 2 3 0 broker-a')).toMatchObject({ queueId: 0, queueOffset: 0 });
  });

  it.each([
    '',
    'x',
    '1 2 3 4 0',
    '1 2 3 x 0 b 1 1',
    '-1 2 3 4 0 b 1 1',
    '99999999999999999 2 3 4 0 b 1 1',
  ])('is not %j', (text) => {
    expect(parseReceiptHandle(text)).toBeUndefined();
  });
});

describe('the answer to a pop', () => {
  it('lists its queues as Apache’s clients read them', () => {
    const info = new PopAnswerInfo();
    info.add('orders', 2, 10, [10, 12]);
    info.add('%RETRY%g_orders', 0, 5, [5]);
    expect(info.startOffsets).toBe('0 2 10;1 0 5');
    expect(info.msgOffsets).toBe('0 2 10,12;1 0 5');
    info.addOrderCounts('orders', 2, new Map([[10, 3]]), 0);
    info.addOrderCounts('orders', 3, new Map(), 0);
    expect(info.orderCounts).toBe('0 qo2%10 3;0 2 0;0 3 0');
  });
});
