import { afterEach, describe, expect, it } from '@jest/globals';
import {
  codec,
  decodeRegisterBody,
  type Received,
  RegisterBroker,
  type RegisterBrokerBody,
  UnregisterBroker,
  UpdateAndCreateTopic,
  UpdateBrokerConfig,
} from '@rocketmq-ts/protocol';
import { RemotingServer } from '@rocketmq-ts/remoting';
import { newTopic } from './requests.js';
import { newWorld, SimulatedBroker, type World } from './simulated-broker.js';

interface Registration {
  readonly header: Received<typeof RegisterBroker.request>['header'];
  readonly body: RegisterBrokerBody;
}

/** Takes registrations and keeps them. */
class RecordingNameserver {
  readonly registrations: Registration[] = [];
  unregisterCount = 0;
  /** Topics that it wants ordered. */
  orderTopics: readonly string[] = [];
  private server!: RemotingServer;

  constructor(private readonly port = 9_876) {}

  async start({ network, clock }: World, broker?: SimulatedBroker): Promise<this> {
    const logger = broker?.logger ?? SILENT;
    const listeners = [{ name: 'main', host: '0.0.0.0', port: this.port }];
    this.server = new RemotingServer({ network, clock, logger, listeners });
    this.server.route(RegisterBroker.code, (frame, connection) => {
      const { header, body } = codec(RegisterBroker).decodeRequest(frame.ext(), frame.body);
      const form = { compressed: header.compressed, peerVersion: frame.version };
      this.registrations.push({ header, body: decodeRegisterBody(body, form) });
      const table = new Map(this.orderTopics.map((topic) => [topic, 'broker-a:4']));
      const answer = codec(RegisterBroker).encodeResponse({ header: {}, body: { table } });
      connection.answer(frame, 0, undefined, answer.ext, answer.body);
    });
    this.server.route(UnregisterBroker.code, (frame, connection) => {
      this.unregisterCount++;
      connection.answer(frame, 0, undefined, new Map());
    });
    await this.server.listen();
    return this;
  }

  get last(): Registration {
    return this.registrations.at(-1)!;
  }

  dropConnections(): void {
    for (const connection of this.server.connections) connection.close('test');
  }

  async stop(world: World): Promise<void> {
    const drained = this.server.drain(1_000);
    for (let i = 0; i < 5; i++) await world.clock.advance(1_000);
    await drained;
  }
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const NAMESERVER = 'namesrvAddr=10.0.0.1:9876';

let broker: SimulatedBroker;
afterEach(async () => {
  expect(await broker.stop()).toEqual([]);
});

async function start(settings = NAMESERVER): Promise<RecordingNameserver> {
  const world = newWorld();
  const nameserver = await new RecordingNameserver().start(world);
  broker = await SimulatedBroker.start(settings, world);
  return nameserver;
}
const readiness = async () => broker.service.readiness.page();

describe('a broker makes itself known', () => {
  it('when it starts, with its address and its topics', async () => {
    const { registrations } = await start();
    expect(registrations).toHaveLength(1);
    const { header, body } = registrations[0]!;
    expect(header).toMatchObject({
      brokerName: 'broker-a',
      brokerAddr: '10.0.0.1:10911',
      clusterName: 'DefaultCluster',
      haServerAddr: '10.0.0.1:10912',
      brokerId: 0,
      compressed: false,
    });
    expect(header.advertised).toBeUndefined();
    const { topicConfigTable } = body.topicConfigSerializeWrapper;
    expect(topicConfigTable.get('TBW102')).toMatchObject({ writeQueueNums: 8, perm: 7 });
  });

  it('again every thirty seconds', async () => {
    const { registrations } = await start();
    await broker.pass(95_000);
    expect(registrations).toHaveLength(4);
  });

  it('at once when a topic changes, and before the change is answered', async () => {
    const nameserver = await start();
    await broker.call(UpdateAndCreateTopic, newTopic('orders'));
    const known = () => nameserver.last.body.topicConfigSerializeWrapper;
    expect(known().topicConfigTable.has('orders')).toBe(true);
    const { counter } = known().dataVersion;
    await broker.sent('bills', 'x');
    expect(known().topicConfigTable.has('bills')).toBe(true);
    expect(known().dataVersion.counter).toBeGreaterThan(counter);
  });

  it('at once when it may be written no more', async () => {
    const nameserver = await start();
    await broker.call(UpdateBrokerConfig, { header: {}, body: 'brokerPermission=4' });
    const { topicConfigTable } = nameserver.last.body.topicConfigSerializeWrapper;
    expect(topicConfigTable.get('TBW102')!.perm).toBe(4);
  });

  it('again as soon as a connection is lost', async () => {
    const nameserver = await start();
    nameserver.dropConnections();
    await broker.pass(2_000);
    expect(nameserver.registrations).toHaveLength(2);
  });

  it('to a nameserver that comes back, and is not ready until one knows it', async () => {
    const world = newWorld();
    broker = await SimulatedBroker.start(NAMESERVER, world);
    expect(await readiness()).toMatchObject({ status: 503 });
    expect((await broker.sent('orders', 'works meanwhile')).get('queueOffset')).toBe('0');
    await broker.pass(60_000);
    const nameserver = await new RecordingNameserver().start(world, broker);
    await broker.pass(2_500);
    expect(nameserver.registrations).toHaveLength(1);
    expect(await readiness()).toMatchObject({ status: 200 });
    const warnings = broker.logger.lines.filter(({ event }) =>
      event.startsWith('nameserver cannot'),
    );
    expect(warnings).toHaveLength(1);
  });

  it('to a nameserver that was started together with it and is a little later', async () => {
    const world = newWorld();
    broker = await SimulatedBroker.start(NAMESERVER, world);
    await broker.pass(350);
    const nameserver = await new RecordingNameserver().start(world, broker);
    await broker.pass(300);
    expect(nameserver.registrations).toHaveLength(1);
  });

  it('to every nameserver, whether the others can be reached or not', async () => {
    const nameserver = await start('namesrvAddr=10.0.0.1:9875;10.0.0.1:9876');
    expect(nameserver.registrations).toHaveLength(1);
    expect(await readiness()).toMatchObject({ status: 200 });
  });

  it('with all its addresses where it has several', async () => {
    const nameserver = await start(
      `${NAMESERVER}\nlisteners=inside:0.0.0.0:10911,outside:0.0.0.0:10931\nadvertised=outside:broker.example:443`,
    );
    expect(nameserver.last.header).toMatchObject({
      brokerAddr: '10.0.0.1:10911',
      advertised: 'inside:10.0.0.1:10911,outside:broker.example:443',
    });
  });

  it('packed where that is wanted', async () => {
    const nameserver = await start(`${NAMESERVER}\ncompressedRegister=true`);
    expect(nameserver.last.header.compressed).toBe(true);
    const { topicConfigTable } = nameserver.last.body.topicConfigSerializeWrapper;
    expect(topicConfigTable.get('TBW102')).toMatchObject({ writeQueueNums: 8 });
  });

  it('and says goodbye when it stops', async () => {
    const nameserver = await start();
    await broker.stop();
    expect(nameserver.unregisterCount).toBe(1);
    await broker.startAgain(NAMESERVER);
  });
});

it('topics are ordered where the nameserver says so', async () => {
  const nameserver = await start();
  await broker.call(UpdateAndCreateTopic, newTopic('orders'));
  nameserver.orderTopics = ['orders', 'unknown'];
  await broker.pass(31_000);
  expect(broker.topic('orders')).toMatchObject({ order: true });
});

describe('the address that clients are told', () => {
  const warning = (text: string) => broker.said(`the advertised address ${text}`);

  it('is tried at the start, and nothing is said where it leads here', async () => {
    broker = await SimulatedBroker.start();
    await broker.pass(4_000);
    expect(broker.logger.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it('is complained about where it leads nowhere', async () => {
    broker = await SimulatedBroker.start('advertised=default:10.0.0.1:7777');
    await broker.pass(4_000);
    expect(warning('cannot be reached')).toBe(true);
  });

  it('is complained about where somebody else answers', async () => {
    const world = newWorld();
    await new RecordingNameserver(7_777).start(world);
    broker = await SimulatedBroker.start('advertised=default:10.0.0.1:7777', world);
    await broker.pass(4_000);
    expect(warning('')).toBe(true);
  });
});
