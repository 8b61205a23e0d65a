import { describe, expect, it } from '@jest/globals';
import { GetMaxOffset, PullMessage, QueryMessage } from './commands/index.js';
import { codec, mayAnswer } from './define-command.js';
import type { Received, Sent } from './define-command.js';
import { MalformedHeaderError } from './protocol-errors.js';
import { ResponseCode } from './response-code.js';

const none = Buffer.alloc(0);

describe('codec', () => {
  it('applies defaults for the receiver and leaves them out for the sender', () => {
    const { encodeRequest, decodeRequest } = codec(GetMaxOffset);
    const { ext } = encodeRequest({ header: { topic: 't', queueId: 3 }, body: null });
    expect([...ext]).toEqual([
      ['topic', 't'],
      ['queueId', '3'],
    ]);
    expect(decodeRequest(ext, none).header).toMatchObject({
      topic: 't',
      queueId: 3,
      committed: true,
    });
  });

  it('names the field on the wire in its error', () => {
    const ext = new Map([
      ['topic', 't'],
      ['key', 'k'],
      ['maxNum', '1'],
      ['beginTimestamp', 'x'],
    ]);
    expect(() => codec(QueryMessage).decodeRequest(ext, none)).toThrow(
      new MalformedHeaderError('beginTimestamp', 'is no integer: "x"'),
    );
  });

  it('ignores fields that the command does not have', () => {
    const ext = new Map([
      ['topic', 't'],
      ['queueId', '3'],
      ['__proto__', 'x'],
      ['AccessKey', 'y'],
    ]);
    const { header } = codec(GetMaxOffset).decodeRequest(ext, none);
    expect(Object.keys(header)).not.toContain('AccessKey');
    expect(Object.getPrototypeOf(header)).toBe(Object.prototype);
  });

  it('is built once per command', () => {
    expect(codec(PullMessage)).toBe(codec(PullMessage));
  });

  it('gives types that refuse wrong headers', () => {
    type Request = Sent<typeof GetMaxOffset.request>;
    const sent: Request = { header: { topic: 't', queueId: 1 }, body: null };
    // @ts-expect-error -- queueId is required
    const incomplete: Request = { header: { topic: 't' }, body: null };
    // @ts-expect-error -- queueId is a number
    const mistyped: Request = { header: { topic: 't', queueId: '1' }, body: null };
    const committed = (received: Received<typeof GetMaxOffset.request>): boolean =>
      received.header.committed;
    expect([sent, incomplete, mistyped, committed]).toHaveLength(4);
  });
});

describe('mayAnswer', () => {
  it('allows success, general failures and the declared ones', () => {
    const { SUCCESS, SYSTEM_BUSY, PULL_NOT_FOUND, QUERY_NOT_FOUND } = ResponseCode;
    expect(
      [SUCCESS, SYSTEM_BUSY, PULL_NOT_FOUND, QUERY_NOT_FOUND].map((c) => mayAnswer(PullMessage, c)),
    ).toEqual([true, true, true, false]);
  });
});
