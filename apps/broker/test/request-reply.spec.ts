import { describe, expect, it } from '@jest/globals';
import {
  formatProperties,
  MessageSysFlag,
  parseProperties,
  PushReplyMessageToClient,
  ResponseCode,
  SendReplyMessage,
  SendReplyMessageV2,
} from '@rocketmq-ts/protocol';
import type { RemotingFrame, Sent } from '@rocketmq-ts/protocol';
import type { RemotingClient } from '@rocketmq-ts/remoting';
import { heartbeat } from './heartbeat.js';
import { brokerForEachTest, type SimulatedBroker } from './simulated-broker.js';

const REPLY_TOPIC = 'DefaultCluster_REPLY_TOPIC';

let broker: SimulatedBroker;
brokerForEachTest((started) => (broker = started));

interface Pushed {
  readonly fields: Map<string, string>;
  readonly body: string;
}

/** A client that asked something: it produces, and takes replies with `code`, or not at all. */
async function asker(
  clientId: string,
  code: number | 'silence' = ResponseCode.SUCCESS,
  from = '10.0.0.3',
): Promise<{ client: RemotingClient; pushed: Pushed[] }> {
  const pushed: Pushed[] = [];
  const client = broker.newClient(from);
  client.handle(PushReplyMessageToClient.code, (frame, connection) => {
    pushed.push({ fields: new Map(frame.ext()), body: frame.body.toString() });
    if (code !== 'silence') connection.answer(frame, code, undefined, new Map());
  });
  await heartbeat(broker, { clientId, producerGroups: ['askers'], client });
  return { client, pushed };
}

type Header = Sent<typeof SendReplyMessage.request>['header'];

function replyTo(clientId: string | undefined, more: Partial<Header> = {}) {
  const properties = new Map([
    ['CORRELATION_ID', 'c-1'],
    ['MSG_TYPE', 'reply'],
    ['TTL', '3000'],
  ]);
  if (clientId !== undefined) properties.set('REPLY_TO_CLIENT', clientId);
  return {
    header: {
      ...{ producerGroup: 'repliers', topic: REPLY_TOPIC, defaultTopic: 'TBW102' },
      ...{ defaultTopicQueueNums: 4, queueId: 0, sysFlag: 0, flag: 3 },
      bornTimestampMs: 1_699_999_999_000,
      properties: formatProperties(properties),
      ...more,
    },
    body: Buffer.from('the answer'),
  };
}

const reply = (message: ReturnType<typeof replyTo>): Promise<RemotingFrame> =>
  broker.ask(SendReplyMessageV2, message);
const kept = async () => (await broker.pull(REPLY_TOPIC, 0)).records;

describe('a reply', () => {
  it('goes to the client that asked, and is kept', async () => {
    const { pushed } = await asker('me');
    const nobody = await asker('somebody-else', ResponseCode.SUCCESS, '10.0.0.4');
    const answer = await reply(replyTo('me', { sysFlag: MessageSysFlag.COMPRESSED }));
    expect([answer.code, answer.remark]).toEqual([ResponseCode.SUCCESS, undefined]);
    expect(answer.ext().get('queueOffset')).toBe('0');
    expect(answer.ext().get('MSG_REGION')).toBe('DefaultRegion');
    expect(nobody.pushed).toEqual([]);

    expect(pushed.map(({ body }) => body)).toEqual(['the answer']);
    const { fields } = pushed[0]!;
    expect(Object.fromEntries(fields)).toMatchObject({
      topic: REPLY_TOPIC,
      producerGroup: 'repliers',
      flag: '3',
      sysFlag: String(MessageSysFlag.COMPRESSED),
      bornTimestamp: '1699999999000',
      bornHost: expect.stringMatching(/^10\.0\.0\.2:\d+$/),
      storeHost: '10.0.0.1:10911',
    });
    const properties = parseProperties(fields.get('properties')!);
    expect(properties.get('CORRELATION_ID')).toBe('c-1');
    expect(Number(properties.get('PUSH_REPLY_TIME'))).toBeGreaterThan(0);

    const records = await kept();
    expect(records.map(({ body, flag }) => [body, flag])).toEqual([['the answer', 3]]);
    expect(records[0]!.sysFlag & MessageSysFlag.COMPRESSED).not.toBe(0);
    expect(records[0]!.properties.get('CORRELATION_ID')).toBe('c-1');
    expect(records[0]!.properties.has('PUSH_REPLY_TIME')).toBe(false);
  });

  it('may be empty', async () => {
    const { pushed } = await asker('me');
    const answer = await reply({ ...replyTo('me'), body: Buffer.alloc(0) });
    expect(answer.code).toBe(ResponseCode.SUCCESS);
    expect(pushed.map(({ body }) => body)).toEqual(['']);
    expect((await kept()).map(({ body }) => body)).toEqual(['']);
  });

  it('may come with long field names', async () => {
    const { pushed } = await asker('me');
    expect((await broker.ask(SendReplyMessage, replyTo('me'))).code).toBe(ResponseCode.SUCCESS);
    expect(pushed).toHaveLength(1);
  });

  it('is not kept where that is switched off', async () => {
    await broker.restart('storeReplyMessageEnable=false\n');
    const { pushed } = await asker('me');
    const answer = await reply(replyTo('me'));
    expect(answer.code).toBe(ResponseCode.SUCCESS);
    expect(answer.ext().get('msgId')).toBe('0');
    expect(pushed).toHaveLength(1);
    expect(await kept()).toEqual([]);
  });

  it('says that it did not arrive, and is kept all the same', async () => {
    const gone = await reply(replyTo('nobody'));
    expect(gone.code).toBe(ResponseCode.SYSTEM_ERROR);
    expect(gone.remark).toBe('push reply message fail, channel of <nobody> not found.');
    const unnamed = await reply(replyTo(undefined));
    expect(unnamed.remark).toBe('reply message properties[REPLY_TO_CLIENT] is null');
    await asker('grumpy', ResponseCode.SYSTEM_ERROR);
    expect((await reply(replyTo('grumpy'))).remark).toBe('push reply message to grumpyfail.');
    expect(await kept()).toHaveLength(3);
  });

  it('waits ten seconds for a client that says nothing', async () => {
    const { pushed } = await asker('silent', 'silence');
    let answer: RemotingFrame | undefined;
    const exchange = broker.client.exchange(
      '10.0.0.1:10911',
      SendReplyMessageV2,
      replyTo('silent'),
      {
        timeoutMs: 60_000,
      },
    );
    void exchange.then((frame) => (answer = frame));
    await broker.pass(9_900);
    expect([pushed.length, answer]).toEqual([1, undefined]);
    await broker.pass(1_000);
    expect(answer?.remark).toBe('push reply message to silentfail.');
  });

  it('reaches a client that came back over another connection, and none that went', async () => {
    const before = await asker('me');
    const after = await asker('me', ResponseCode.SUCCESS, '10.0.0.5');
    before.client.close();
    await broker.pass(100);
    expect((await reply(replyTo('me'))).code).toBe(ResponseCode.SUCCESS);
    expect([before.pushed.length, after.pushed.length]).toEqual([0, 1]);
    after.client.close();
    await broker.pass(100);
    expect((await reply(replyTo('me'))).code).toBe(ResponseCode.SYSTEM_ERROR);
  });

  it('is refused where it cannot be sent', async () => {
    const to = (more: Partial<Header>) => reply(replyTo('me', more)).then(({ code }) => code);
    expect(await to({ topic: 'SCHEDULE_TOPIC_XXXX' })).toBe(ResponseCode.NO_PERMISSION);
    expect(await to({ topic: 'no such', defaultTopic: 'none' })).toBe(
      ResponseCode.INVALID_PARAMETER,
    );
    expect(await to({ topic: 'unheard-of', defaultTopic: 'none' })).toBe(
      ResponseCode.TOPIC_NOT_EXIST,
    );
    expect(await to({ queueId: 1 })).toBe(ResponseCode.INVALID_PARAMETER);
    expect(await kept()).toEqual([]);
  });
});
