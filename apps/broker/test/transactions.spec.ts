import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  CheckTransactionState,
  codec,
  decodeRecord,
  EndTransaction,
  MessageSysFlag,
  type MessageRecord,
  offsetMsgId,
  type Received,
  ResponseCode,
  ResumeCheckHalfMessage,
  UpdateAndCreateTopic,
} from '@rocketmq-ts/protocol';
import { heartbeat } from './heartbeat.js';
import { type PulledRecord } from './pull-answer.js';
import { newTopic } from './requests.js';
import { BROKER, SimulatedBroker } from './simulated-broker.js';

const HALF = 'RMQ_SYS_TRANS_HALF_TOPIC';
const OP = 'RMQ_SYS_TRANS_OP_HALF_TOPIC';
const TIMER = 'rmq_sys_wheel_timer';
const PARKED = 'TRANS_CHECK_MAX_TIME_TOPIC';
const { TRANSACTION_COMMIT: COMMIT, TRANSACTION_ROLLBACK: ROLLBACK } = MessageSysFlag;

// Restarts and hours of simulated time: much to compute on a machine that has other things to do.
jest.setTimeout(30_000);

let broker: SimulatedBroker;
/** The checks that the producer got, newest last. */
let checks: {
  header: Received<typeof CheckTransactionState.request>['header'];
  record: MessageRecord;
}[];

/** Where a half message lies, as the answer to its send says. */
interface Half {
  readonly queueOffset: number;
  readonly commitLogOffset: number;
  readonly uniqKey: string;
}

async function begin(settings = ''): Promise<void> {
  broker = await SimulatedBroker.start(settings);
  await broker.call(UpdateAndCreateTopic, newTopic('orders'));
  await connect();
}

/** The producer group "producers" has one member, which notes checks. */
async function connect(): Promise<void> {
  checks = [];
  const { decodeRequest } = codec(CheckTransactionState);
  broker.client.handle(CheckTransactionState.code, (frame) => {
    const { header, body } = decodeRequest(frame.ext(), frame.body);
    checks.push({ header, record: decodeRecord(Buffer.from(body), 0) });
  });
  await heartbeat(broker, { producerGroups: ['producers'] });
}

beforeEach(async () => begin());
afterEach(async () => {
  expect(await broker.stop()).toEqual([]);
});

let serial = 0;
async function half(
  body: string,
  properties: Readonly<Record<string, string>> = {},
  queueId = 1,
): Promise<Half> {
  const uniqKey = `UNIQ${++serial}`;
  const answer = await broker.sent('orders', body, {
    queueId,
    properties: { TRAN_MSG: 'true', PGROUP: 'producers', UNIQ_KEY: uniqKey, ...properties },
    header: {
      sysFlag: MessageSysFlag.TRANSACTION_PREPARED,
      bornTimestampMs: broker.world.clock.nowMs(),
    },
  });
  return {
    queueOffset: Number(answer.get('queueOffset')),
    commitLogOffset: Number.parseInt(answer.get('msgId')!.slice(-16), 16),
    uniqKey,
  };
}

const end = (of: Half, commitOrRollback: number, header = {}) =>
  broker.ask(EndTransaction, {
    header: {
      producerGroup: 'producers',
      queueOffset: of.queueOffset,
      commitLogOffset: of.commitLogOffset,
      commitOrRollback,
      fromTransactionCheck: false,
      msgId: of.uniqKey,
      transactionId: of.uniqKey,
      ...header,
    },
    body: null,
  });
/** Answers a check. */
const answer = (check: (typeof checks)[number], commitOrRollback: number) =>
  end(
    {
      queueOffset: check.header.queueOffset,
      commitLogOffset: check.header.commitLogOffset,
      uniqKey: check.header.msgId!,
    },
    commitOrRollback,
    { fromTransactionCheck: true },
  );

const all = async (topic: string, queueId = 0): Promise<readonly PulledRecord[]> =>
  (await broker.pull(topic, 0, { queueId })).records;
const delivered = async (): Promise<string[]> => (await all('orders', 1)).map(({ body }) => body);
const progress = async (): Promise<string | undefined> => {
  await broker.pass(7_000);
  return broker.fileText('/store/config/consumerOffset.json');
};

describe('a half message', () => {
  it('is not seen by consumers, and becomes a message with its commit', async () => {
    const first = await half('paid', { TAGS: 'red', KEYS: 'k1', colour: 'blue' });
    expect(await delivered()).toEqual([]);
    expect((await end(first, COMMIT)).code).toBe(ResponseCode.SUCCESS);
    const [message] = await all('orders', 1);
    expect(message).toMatchObject({
      body: 'paid',
      queueId: 1,
      sysFlag: COMMIT,
      preparedTransactionOffset: first.commitLogOffset,
    });
    expect(Object.fromEntries(message!.properties)).toMatchObject({
      TAGS: 'red',
      KEYS: 'k1',
      colour: 'blue',
      UNIQ_KEY: first.uniqKey,
      __transactionId__: first.uniqKey,
      TRAN_MSG: 'true',
      REAL_TOPIC: 'orders',
      REAL_QID: '1',
    });
  });

  it('is answered with its own place and the queue that was asked for', async () => {
    const answer = await broker.sent('orders', 'x', {
      queueId: 3,
      properties: { TRAN_MSG: 'true', PGROUP: 'producers', UNIQ_KEY: 'U' },
      header: { sysFlag: MessageSysFlag.TRANSACTION_PREPARED },
    });
    expect(Object.fromEntries(answer)).toMatchObject({
      queueId: '3',
      queueOffset: '0',
      transactionId: 'U',
    });
    const [stored] = await all(HALF);
    expect(stored).toMatchObject({ sysFlag: 0, queueId: 0 });
  });

  it('never comes after a rollback, which is noted at once', async () => {
    const first = await half('not paid');
    expect((await end(first, ROLLBACK)).code).toBe(ResponseCode.SUCCESS);
    expect((await all(OP)).map(({ body }) => body)).toEqual([`${first.queueOffset},`]);
    await broker.pass(120_000);
    expect(await delivered()).toEqual([]);
    expect(checks).toEqual([]);
  });

  it('keeps the first decision', async () => {
    const [one, two] = [await half('one'), await half('two')];
    await end(one, COMMIT);
    await end(two, ROLLBACK);
    for (const [which, again] of [
      [one, COMMIT],
      [one, ROLLBACK],
      [two, COMMIT],
      [two, ROLLBACK],
    ] as const) {
      expect((await end(which, again)).code).toBe(ResponseCode.ILLEGAL_OPERATION);
    }
    expect(await delivered()).toEqual(['one']);
  });

  it('takes no decision that is about another one', async () => {
    const one = await half('one');
    await half('two');
    const wrong = [
      await end({ ...one, queueOffset: 1 }, COMMIT),
      await end({ ...one, commitLogOffset: 12_345 }, COMMIT),
      await end({ ...one, queueOffset: 77 }, COMMIT),
      await end(one, COMMIT, { producerGroup: 'others' }),
    ];
    for (const { code } of wrong) expect(code).toBe(ResponseCode.SYSTEM_ERROR);
    expect(await delivered()).toEqual([]);
    expect((await end(one, COMMIT)).code).toBe(ResponseCode.SUCCESS);
  });

  it('may ask for a delay, which begins with the commit', async () => {
    const first = await half('later', { DELAY: '2' });
    await broker.pass(3_000);
    await end(first, COMMIT);
    await broker.pass(4_500);
    expect(await delivered()).toEqual([]);
    await broker.pass(700);
    expect(await delivered()).toEqual(['later']);
    expect((await end(first, COMMIT)).code).toBe(ResponseCode.ILLEGAL_OPERATION);
  });

  it.each([
    ['a delay in seconds', () => ({ TIMER_DELAY_SEC: '5' }), 3_000],
    ['a delay in milliseconds', () => ({ TIMER_DELAY_MS: '5000' }), 3_000],
    [
      'a time of delivery',
      () => ({ TIMER_DELIVER_MS: String(broker.world.clock.nowMs() + 8_000) }),
      3_000,
    ],
  ])('may ask for %s; it goes through the timer once it is committed', async (_, wish, afterMs) => {
    await broker.restart('timerWheelEnable=true');
    await connect();
    const first = await half('timed', wish());
    const before = (await all(TIMER)).length;
    await broker.pass(afterMs);
    expect(await all(TIMER)).toHaveLength(before);
    await end(first, COMMIT);
    const [waiting] = (await all(TIMER)).slice(before);
    expect(waiting).toMatchObject({
      sysFlag: COMMIT,
      preparedTransactionOffset: first.commitLogOffset,
    });
    await broker.pass(3_500);
    expect(await delivered()).toEqual([]);
    await broker.pass(2_500);
    expect(await delivered()).toEqual(['timed']);
    expect((await all('orders', 1))[0]!.properties.get('REAL_TOPIC')).toBe('orders');
    expect((await end(first, COMMIT)).code).toBe(ResponseCode.ILLEGAL_OPERATION);
  });

  it('comes at once where its time is over when it is committed', async () => {
    const first = await half('late', {
      TIMER_DELIVER_MS: String(broker.world.clock.nowMs() + 1_000),
    });
    await broker.pass(2_000);
    await end(first, COMMIT);
    expect(await delivered()).toEqual(['late']);
  });

  it('is refused with a time that no timer takes, before anything is stored', async () => {
    await expect(half('never', { TIMER_DELAY_SEC: '99999999' })).rejects.toThrow(
      'timer message illegal',
    );
    expect(await all(HALF)).toEqual([]);
  });

  it('stays open where the timer does not take it, and is committed when it does', async () => {
    const first = await half('congested', { TIMER_DELAY_SEC: '5' });
    await broker.restart('timerWheelEnable=false');
    await connect();
    const refused = await end(first, COMMIT);
    expect(refused.code).toBe(ResponseCode.SYSTEM_ERROR);
    expect(refused.remark).toContain('timerWheelEnable is false');
    await broker.restart();
    await connect();
    expect((await end(first, COMMIT)).code).toBe(ResponseCode.SUCCESS);
    await broker.pass(6_500);
    expect(await delivered()).toEqual(['congested']);
  });

  it('is refused where transactions are not wanted', async () => {
    await broker.restart('rejectTransactionMessage=true');
    await expect(half('x')).rejects.toThrow('sending transaction message is forbidden');
  });

  it('is not made of a message that a consumer gives back', async () => {
    await heartbeat(broker);
    const fields = { TRAN_MSG: 'true', PGROUP: 'producers', DELAY: '1', RETRY_TOPIC: 'orders' };
    await broker.sent('%RETRY%consumers', 'again', {
      properties: fields,
      header: {
        sysFlag: MessageSysFlag.TRANSACTION_PREPARED,
        reconsumeTimes: 1,
        maxReconsumeTimes: 16,
      },
    });
    await broker.pass(1_500);
    expect((await all('%RETRY%consumers')).map(({ body }) => body)).toEqual(['again']);
  });
});

describe('decisions', () => {
  it('are noted together, in Apache’s form, and move the progress on', async () => {
    const halves = [await half('a'), await half('b'), await half('c')];
    for (const one of halves) await end(one, COMMIT);
    expect(await all(OP)).toEqual([]);
    expect(await progress()).toMatch(/RMQ_SYS_TRANS_HALF_TOPIC@CID_RMQ_SYS_TRANS":\{\s*0:3/);
    const [op] = await all(OP);
    expect(op).toMatchObject({ body: '0,1,2,', queueId: 0 });
    expect(op!.properties.get('TAGS')).toBe('d');
    expect(await progress()).toMatch(/RMQ_SYS_TRANS_OP_HALF_TOPIC@CID_RMQ_SYS_TRANS":\{\s*0:1/);
  });

  it('do not fill a note beyond its limit', async () => {
    await broker.restart('transactionOpMsgMaxSize=4');
    for (const body of ['a', 'b', 'c', 'd']) await end(await half(body), COMMIT);
    await broker.pass(10);
    expect((await all(OP)).map(({ body }) => body)).toEqual(['0,1,', '2,3,']);
  });

  it('are not forgotten by a stop', async () => {
    const [one, two, open] = [await half('one'), await half('two'), await half('open')];
    await end(one, COMMIT);
    await end(two, ROLLBACK);
    await broker.restart();
    await connect();
    expect((await end(one, ROLLBACK)).code).toBe(ResponseCode.ILLEGAL_OPERATION);
    expect((await end(two, COMMIT)).code).toBe(ResponseCode.ILLEGAL_OPERATION);
    // What is so already may be asked for again.
    expect((await end(one, COMMIT)).code).toBe(ResponseCode.SUCCESS);
    expect((await end(open, COMMIT)).code).toBe(ResponseCode.SUCCESS);
    expect(await delivered()).toEqual(['one', 'open']);
  });
});

describe('an open transaction', () => {
  it('is asked about when it is old enough, as its producer knows it', async () => {
    const first = await half('who knows', { TAGS: 'red' });
    await broker.pass(5_500);
    expect(checks).toEqual([]);
    await broker.pass(2_500);
    expect(checks).toHaveLength(1);
    const { header, record } = checks[0]!;
    expect(header).toMatchObject({
      bname: 'broker-a',
      topic: HALF,
      msgId: first.uniqKey,
      transactionId: first.uniqKey,
      queueOffset: 1,
    });
    expect(header.offsetMsgId!.slice(-16)).toBe(offsetMsgId('', header.commitLogOffset));
    expect(record).toMatchObject({ topic: 'orders', queueId: 1, queueOffset: 1 });
    expect(record.properties.get('TRANSACTION_CHECK_TIMES')).toBe('1');
    expect(record.bodyBytes.toString('utf8', record.bodyStart, record.bodyEnd)).toBe('who knows');
    expect((await answer(checks[0]!, COMMIT)).code).toBe(ResponseCode.SUCCESS);
    expect(await delivered()).toEqual(['who knows']);
    await broker.pass(600_000);
    expect(checks).toHaveLength(1);
    expect(await delivered()).toEqual(['who knows']);
  });

  it('is asked about less and less often', async () => {
    await half('who knows');
    const times: number[] = [];
    const startedMs = broker.world.clock.nowMs();
    for (let i = 0; i < 480; i++) {
      if (i % 30 === 0) await heartbeat(broker, { producerGroups: ['producers'] });
      await broker.pass(1_000);
      while (times.length < checks.length) times.push(broker.world.clock.nowMs() - startedMs);
    }
    expect(times.map((ms) => Math.round(ms / 10_000) * 10)).toEqual([10, 40, 100, 220, 460]);
  });

  it('is parked after enough checks, not dropped, and can be resumed', async () => {
    await broker.restart('transactionCheckMax=3\ntransactionCheckInterval=1000');
    await connect();
    await half('nobody knows', { KEYS: 'k9' });
    await broker.pass(30_000);
    expect(checks).toHaveLength(3);
    const [parked] = await all(PARKED);
    expect(parked).toMatchObject({ body: 'nobody knows', topic: PARKED });
    expect(Object.fromEntries(parked!.properties)).toMatchObject({
      REAL_TOPIC: 'orders',
      KEYS: 'k9',
      TRANSACTION_CHECK_TIMES: '3',
    });
    await broker.pass(60_000);
    expect(checks).toHaveLength(3);

    const msgId = offsetMsgId('0A0000010000' + '2A9F', parked!.commitLogOffset);
    const resume = { header: { topic: 'orders', msgId }, body: null };
    expect((await broker.ask(ResumeCheckHalfMessage, resume)).code).toBe(ResponseCode.SUCCESS);
    await broker.pass(8_000);
    expect(checks.length).toBeGreaterThan(3);
    expect(checks[3]!.record.properties.get('TRANSACTION_CHECK_TIMES')).toBe('1');
    await answer(checks.at(-1)!, COMMIT);
    expect(await delivered()).toEqual(['nobody knows']);
  });

  it('cannot be resumed where nothing is parked', async () => {
    await broker.sent('orders', 'plain', { queueId: 1 });
    const [plain] = await all('orders', 1);
    const msgId = offsetMsgId('0A00000100002A9F', plain!.commitLogOffset);
    for (const header of [{ msgId }, { msgId: 'nonsense' }, {}]) {
      const { code } = await broker.ask(ResumeCheckHalfMessage, { header, body: null });
      expect(code).toBe(ResponseCode.SYSTEM_ERROR);
    }
    expect(await all(HALF)).toEqual([]);
  });

  it('does not use up its checks while no producer is there', async () => {
    await half('alone');
    broker.client.close();
    broker.client = broker.newClient();
    await broker.pass(3_600_000);
    expect(await all(PARKED)).toEqual([]);
    await connect();
    await broker.pass(2_000);
    expect(checks).toHaveLength(1);
    expect(checks[0]!.record.properties.get('TRANSACTION_CHECK_TIMES')).toBe('1');
  });

  it('is not asked about before the time that it asks for, and can be decided late only by an answer', async () => {
    const first = await half('patient', { CHECK_IMMUNITY_TIME_IN_SECONDS: '60' });
    await half('not patient');
    await broker.pass(58_000);
    expect(checks.map(({ header }) => header.msgId)).not.toContain(first.uniqKey);
    await broker.pass(4_000);
    const check = checks.find(({ header }) => header.msgId === first.uniqKey)!;
    expect(check).toBeDefined();
    expect((await end(first, COMMIT)).code).toBe(ResponseCode.ILLEGAL_OPERATION);
    expect((await answer(check, COMMIT)).code).toBe(ResponseCode.SUCCESS);
    expect(await delivered()).toEqual(['patient']);
  });

  it('is decided once, whether the producer names the first or the newest copy', async () => {
    const first = await half('copied');
    await broker.pass(8_000);
    expect(checks).toHaveLength(1);
    expect((await end(first, COMMIT)).code).toBe(ResponseCode.SUCCESS);
    expect((await answer(checks[0]!, COMMIT)).code).toBe(ResponseCode.SUCCESS);
    expect((await answer(checks[0]!, ROLLBACK)).code).toBe(ResponseCode.ILLEGAL_OPERATION);
    await broker.pass(600_000);
    expect(checks).toHaveLength(1);
    expect(await delivered()).toEqual(['copied']);
  });

  it('keeps its count of checks over a restart', async () => {
    await broker.restart('transactionCheckMax=2');
    await connect();
    await half('x');
    await broker.pass(8_000);
    expect(checks).toHaveLength(1);
    await broker.restart('transactionCheckMax=2');
    await connect();
    await broker.pass(40_000);
    expect(checks.map(({ record }) => record.properties.get('TRANSACTION_CHECK_TIMES'))).toEqual([
      '2',
    ]);
    await broker.pass(100_000);
    expect(await all(PARKED)).toHaveLength(1);
  });

  it('is counted until it is decided', async () => {
    const halves = [await half('a'), await half('b'), await half('c')];
    await end(halves[0]!, COMMIT);
    await end(halves[1]!, ROLLBACK);
    await broker.pass(12_000);
    const text = await broker.fileText('/store/config/transactionMetrics');
    expect(JSON.parse(text!)).toMatchObject({ transactionCount: { orders: { count: 1 } } });
  });
});

describe('a process that dies', () => {
  const dieAndComeBack = async (): Promise<void> => {
    broker.kill();
    await broker.world.clock.advance(10_000);
    await broker.startAgain();
    await connect();
  };

  it('delivers what was committed once, although it had not noted the commit', async () => {
    const first = await half('committed');
    await end(first, COMMIT);
    await broker.pass(20);
    await dieAndComeBack();
    expect(await all(OP)).toEqual([]);
    await broker.pass(300_000);
    expect(checks).toEqual([]);
    expect(await delivered()).toEqual(['committed']);
    expect((await end(first, ROLLBACK)).code).toBe(ResponseCode.ILLEGAL_OPERATION);
    expect((await end(first, COMMIT)).code).toBe(ResponseCode.SUCCESS);
    expect(await delivered()).toEqual(['committed']);
  });

  it('delivers it once, too, when the next process dies before it has written anything', async () => {
    await end(await half('committed'), COMMIT);
    await broker.pass(20);
    await dieAndComeBack();
    await dieAndComeBack();
    await broker.pass(300_000);
    expect(checks).toEqual([]);
    expect(await delivered()).toEqual(['committed']);
  });

  it('does not put a message into the timer twice', async () => {
    const first = await half('timed', { TIMER_DELAY_SEC: '20' });
    await end(first, COMMIT);
    await broker.pass(20);
    await dieAndComeBack();
    await broker.pass(5_000);
    expect(checks).toEqual([]);
    await broker.pass(300_000);
    expect(await delivered()).toEqual(['timed']);
  });

  it('asks about what is open', async () => {
    await half('open');
    await broker.pass(1_000);
    await dieAndComeBack();
    await broker.pass(5_000);
    expect(checks).toHaveLength(1);
    await answer(checks[0]!, COMMIT);
    expect(await delivered()).toEqual(['open']);
  });

  it('does not bring back what was rolled back', async () => {
    const first = await half('rolled back');
    await end(first, ROLLBACK);
    await dieAndComeBack();
    await broker.pass(120_000);
    expect(checks).toEqual([]);
    expect((await end(first, COMMIT)).code).not.toBe(ResponseCode.SUCCESS);
    expect(await delivered()).toEqual([]);
  });

  it('does not ask twice about one that had just been copied', async () => {
    await half('copied');
    while (checks.length === 0) await broker.pass(100);
    await dieAndComeBack();
    await broker.pass(35_000);
    expect(checks).toHaveLength(1);
    await answer(checks[0]!, COMMIT);
    await broker.pass(600_000);
    expect(await delivered()).toEqual(['copied']);
  });
});

describe('END_TRANSACTION', () => {
  it('answers who waits that nothing is decided while the producer does not know', async () => {
    const first = await half('x');
    const answer = await broker.settled(
      broker.client.exchange(
        BROKER,
        EndTransaction,
        {
          header: {
            producerGroup: 'producers',
            queueOffset: first.queueOffset,
            commitLogOffset: first.commitLogOffset,
            commitOrRollback: 0,
            fromTransactionCheck: false,
            msgId: first.uniqKey,
          },
          body: null,
        },
        { timeoutMs: 1_000 },
      ),
    );
    expect([answer.code, answer.remark]).toEqual([0, expect.stringMatching(/will be asked/)]);
  });
});
