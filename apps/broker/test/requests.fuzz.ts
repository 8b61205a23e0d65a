import { describe, expect, it } from '@jest/globals';
import { handlerCoverage } from '@rocketmq-ts/nest-remoting';
import {
  type AnyCommand,
  commands,
  defaultSubscriptionGroup,
  DeleteSubscriptiongroup,
  DeleteTopicInBroker,
  encodeBatch,
  fieldsOf,
  FASTJSON,
  formatJson,
  formatProperties,
  HeartbeatData,
  LockBatchRequest,
  readJson,
  SendBatchMessage,
  SendMessage,
  SendMessageV2,
  SubscriptionGroupConfig,
  UpdateAndCreateSubscriptiongroup,
  UpdateBrokerConfig,
} from '@rocketmq-ts/protocol';
import type { SimulatedRandom } from '@rocketmq-ts/testing';
import { newWorld, SimulatedBroker } from './simulated-broker.js';

const SEEDS = [1, 2, 3];
const REQUESTS = 1_500;

const TEXTS = [
  '',
  ' ',
  'orders',
  'bills',
  '%RETRY%consumers',
  '%DLQ%consumers',
  '%RETRY%',
  'TBW102',
  'consumers',
  'SCHEDULE_TOPIC_XXXX',
  'broker-a',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  'bad name',
  'ü',
  '*',
  'red || blue',
  '||',
  'TAG',
  'SQL92',
  'UPPER',
  '+message.type=FIFO',
  '-message.type',
  'a;b;c',
  '{"counter":1}',
  '[',
  'k1',
  'U1',
  '0A00000100002A9F0000000000000000',
  't'.repeat(300),
  '\u0001\u0002',
];
const NUMBERS = [
  '0',
  '1',
  '2',
  '3',
  '4',
  '6',
  '7',
  '8',
  '16',
  '-1',
  '-2',
  '31',
  '32',
  '100',
  '1000',
  '65536',
  '2147483647',
  '-2147483648',
  '9007199254740991',
  '-9007199254740991',
  '9223372036854775807',
  '1.5',
  'x',
  '',
  'NaN',
  '99999999999999999999',
];
const PROPERTIES = [
  {},
  { TAGS: 'red', KEYS: 'k1 k2', UNIQ_KEY: 'U1' },
  { DELAY: '1' },
  { DELAY: '-1' },
  { DELAY: 'x' },
  { WAIT: 'false' },
  { TRAN_MSG: 'true' },
  { INNER_NUM: '2' },
  { TIMER_DELAY_SEC: '5' },
  { '': '' },
  { POP_CK: '1' },
  { REAL_TOPIC: 'bills', REAL_QID: '99' },
  { __proto__x: '1' },
].map((properties) => formatProperties(new Map(Object.entries(properties))));

const pick = <T>(random: SimulatedRandom, from: readonly T[]): T =>
  from[random.below(from.length)]!;

/** Fields with values that are mostly of their type, and mostly of sense. */
function fieldsFor(command: AnyCommand, random: SimulatedRandom): Map<string, string> {
  const ext = new Map<string, string>();
  for (const { name, wireName, field } of fieldsOf(command.request)) {
    if (random.chance(field.required ? 0.03 : 0.4)) continue;
    if (name === 'properties') ext.set(wireName, pick(random, PROPERTIES));
    else if (field.type === 'boolean') ext.set(wireName, pick(random, ['true', 'false', 'x']));
    else if (field.type === 'string' || field.type === 'enum') {
      ext.set(wireName, random.chance(0.5) ? pick(random, TEXTS.slice(2, 9)) : pick(random, TEXTS));
    } else {
      const usual = ['0', '1', '2', '6'];
      ext.set(wireName, random.chance(0.6) ? pick(random, usual) : pick(random, NUMBERS));
    }
  }
  return ext;
}

const HEARTBEAT = formatJson(
  HeartbeatData,
  readJson(
    HeartbeatData,
    '{"clientID":"c","consumerDataSet":[{"groupName":"consumers","subscriptionDataSet":' +
      '[{"topic":"orders","subString":"red"}]}],"producerDataSet":[{"groupName":"producers"}]}',
  ),
);
const LOCK = formatJson(
  LockBatchRequest,
  readJson(
    LockBatchRequest,
    '{"clientId":"c","consumerGroup":"consumers","mqSet":[{"topic":"orders","brokerName":"b","queueId":0}]}',
  ),
);
const BODIES = [
  '',
  '{}',
  '[]',
  'x',
  '{"topicConfigList":[{"topicName":"bills","perm":6}]}',
  HEARTBEAT,
  LOCK,
  formatJson(SubscriptionGroupConfig, defaultSubscriptionGroup('consumers'), FASTJSON),
  '{"groupConfigList":[{"groupName":"g"},{"groupName":"bad name"}]}',
  'flushIntervalMs=500\nautoCreateTopicEnable=true',
  'noSuchKey=1',
  '=',
  '{"a":'.repeat(50),
  '{"group":"g","subscriptionData":{"topic":"orders","expressionType":"TAG"}}',
].map((text) => Buffer.from(text));
const BATCH = encodeBatch(
  ['a', 'b'].map((body) => ({
    flag: 0,
    body: Buffer.from(body),
    properties: Buffer.from(PROPERTIES[1]!),
  })),
);

function bodyFor(command: AnyCommand, random: SimulatedRandom): Buffer {
  if (command.code === SendBatchMessage.code) {
    const body = Buffer.from(BATCH);
    if (random.chance(0.5)) body[random.below(body.length)] = random.below(256);
    return body;
  }
  const body = Buffer.from(pick(random, BODIES));
  if (body.length > 0 && random.chance(0.2)) body[random.below(body.length)] = random.below(256);
  return body;
}

/** Commands that would make the rest of a run dull: they come up more rarely. */
const RARE = new Set<number>([
  DeleteTopicInBroker.code,
  DeleteSubscriptiongroup.code,
  UpdateBrokerConfig.code,
  UpdateAndCreateSubscriptiongroup.code,
]);
const SENDS = new Set<number>([SendMessage.code, SendMessageV2.code, SendBatchMessage.code]);

describe.each(SEEDS)('a broker that is sent anything (seed %i)', (seed) => {
  it('answers every request, finds nothing that it did not foresee, and works on', async () => {
    const world = newWorld(seed);
    const { random } = world;
    const broker = await SimulatedBroker.start('heldPullCountMax=50', world);
    const served = commands.filter(({ direction }) => direction === 'client to broker');
    let peer = await broker.peer();
    /** By opaque, the command that was sent. */
    const unanswered = new Map<number, string>();
    for (let opaque = 1; opaque <= REQUESTS; opaque++) {
      let command = pick<AnyCommand>(random, served);
      if (RARE.has(command.code) && random.chance(0.8)) command = SendMessageV2;
      const oneWay = random.chance(0.05);
      if (!oneWay) unanswered.set(opaque, command.name);
      peer.send({
        code: command.code,
        opaque,
        oneWay,
        serializeType: random.chance(0.5) ? 0 : 1,
        ext: fieldsFor(command, random),
        body:
          SENDS.has(command.code) && random.chance(0.8)
            ? Buffer.from('body')
            : bodyFor(command, random),
      });
      if (random.chance(0.1)) await broker.pass(200);
      if (opaque % 300 !== 0) continue;
      // Held pulls are answered at the latest after the longest hold.
      await broker.pass(130_000);
      const answers = peer.frames.filter(({ isResponse }) => isResponse);
      for (const { opaque: answered } of answers) {
        expect([answered, unanswered.has(answered)]).toEqual([answered, true]);
        unanswered.delete(answered);
      }
      expect([...unanswered]).toEqual([]);
      peer.socket.destroy();
      peer = await broker.peer();
    }
    const { server } = broker.service.running();
    expect(broker.logger.lines.filter(({ level }) => level === 'error')).toEqual([]);
    expect(server.stats.handlerFailures).toBe(0);
    await broker.pass(1_000);
    expect(server.stats.inFlightNow).toBe(0);
    expect(broker.heldPulls).toBe(0);
    peer.socket.destroy();

    broker.kill();
    await broker.startAgain();
    expect((await broker.send('after-all', 'alive')).code).toBe(0);
    expect(await broker.stop()).toEqual([]);
  });
});

it('every declared command of brokers is served', async () => {
  const broker = await SimulatedBroker.start();
  const expected = commands.filter(
    ({ direction }) => direction === 'client to broker' || direction === 'broker to broker',
  );
  const { withoutHandler, withoutDeclaration } = handlerCoverage(
    expected,
    broker.service.running().server.routedCodes,
  );
  expect(withoutDeclaration).toEqual([]);
  expect(withoutHandler).toEqual([]);
  await broker.stop();
});
