import { afterEach, beforeEach, expect } from '@jest/globals';
import {
  type BrokerService,
  PullFrameHandler,
  TopicTable,
  updatesPathOf,
} from '@rocketmq-ts/broker';
import {
  BrokerConfig,
  HttpConfig,
  LimitsConfig,
  LoggingConfig,
  resolveConfig,
  PopConfig,
  ReplicationConfig,
  StoreConfig,
} from '@rocketmq-ts/config';
import { Lifecycle } from '@rocketmq-ts/kernel';
import {
  type Command,
  type ExtFields,
  type Message,
  PullMessage,
  type Received,
  type RemotingFrame,
  type RequestFrame,
  SendMessageV2,
  type Sent,
  type TopicConfig,
  UpdateAndCreateTopic,
} from '@rocketmq-ts/protocol';
import { RemotingClient, type RemotingConnection } from '@rocketmq-ts/remoting';
import {
  RawPeer,
  RecordingLogger,
  SimulatedClock,
  SimulatedDisk,
  SimulatedNetwork,
  SimulatedRandom,
} from '@rocketmq-ts/testing';
import { type PullAnswer, pullAnswer } from './pull-answer.js';
import {
  newTopic,
  type PullOptions,
  pullRequest,
  type SendOptions,
  sendRequest,
} from './requests.js';
import { brokerParts } from '../src/broker.lifecycle.js';

const GROUPS = [
  BrokerConfig,
  StoreConfig,
  PopConfig,
  ReplicationConfig,
  LimitsConfig,
  HttpConfig,
  LoggingConfig,
];
/** Address of every server in the simulated network; clients come from the second one. */
const ADDRESS = '10.0.0.1';
export const PORT = 10_911;
export const FAST_PORT = 10_909;
export const BROKER = `${ADDRESS}:${PORT}`;
export const FAST_BROKER = `${ADDRESS}:${FAST_PORT}`;
export const CALL = { timeoutMs: 120_000 };

const SETTINGS = `
brokerName=broker-a
brokerIP1=${ADDRESS}
listenPort=${PORT}
storePathRootDir=/store
commitLogSegmentBytes=1048576
tailCacheBytes=262144
zeroAheadBytes=0
adminPeers=10.0.0.2
httpPort=-1
`;

/** What the broker stands in. */
export interface World {
  readonly clock: SimulatedClock;
  readonly disk: SimulatedDisk;
  readonly network: SimulatedNetwork;
  readonly random: SimulatedRandom;
}

export function newWorld(seed = 7): World {
  const clock = new SimulatedClock();
  const random = new SimulatedRandom(seed);
  const disk = new SimulatedDisk(clock, random);
  return { clock, disk, network: new SimulatedNetwork(clock, random), random };
}

/** A whole broker in a world whose time, files and network belong to the test. */
export class SimulatedBroker {
  readonly logger = new RecordingLogger();
  client: RemotingClient;
  service!: BrokerService;
  private lifecycle!: Lifecycle;

  private constructor(public world: World) {
    this.client = this.newClient();
  }

  /** @param settings lines of a `broker.conf` */
  static async start(settings = '', world = newWorld()): Promise<SimulatedBroker> {
    const broker = new SimulatedBroker(world);
    await broker.run(settings);
    return broker;
  }

  private async run(settings: string): Promise<void> {
    const { clock, disk, network, random } = this.world;
    const sources = {
      groups: GROUPS,
      file: { path: 'broker.conf', text: `${SETTINGS}${settings}` },
    };
    const first = resolveConfig(sources);
    const updates = await this.settled(disk.readFile(updatesPathOf(first)));
    const config = resolveConfig({
      ...sources,
      updates: updates && { path: updatesPathOf(first), text: updates.toString('utf8') },
    });
    const seams = { clock, disk, network, random, logger: this.logger };
    this.service = await this.settled(brokerParts({ config, seams }));
    this.lifecycle = new Lifecycle(this.service.parts, { clock, logger: this.logger });
    await this.settled(this.lifecycle.start());
    this.service.onReady?.();
  }

  /** A client of its own, with connections of its own. */
  newClient(from = '10.0.0.2'): RemotingClient {
    const { clock, network } = this.world;
    return new RemotingClient({
      clock,
      logger: this.logger,
      network: {
        listen: () => Promise.reject(new Error('clients do not listen here')),
        connect: (to, onConnection) => network.connect({ ...to, from }, onConnection),
      },
    });
  }

  /** Stops and starts again, with the same files. @param settings instead of those before */
  async restart(settings = ''): Promise<void> {
    await this.stop();
    await this.startAgain(settings);
  }

  /** Starts again after a stop or a kill. */
  async startAgain(settings = ''): Promise<void> {
    this.client = this.newClient();
    await this.run(settings);
  }

  async stop(): Promise<readonly string[]> {
    this.service.onStopping?.();
    const stopped = this.lifecycle.stop();
    for (let i = 0; i < 12; i++) await this.world.clock.advance(1_000);
    this.client.close();
    return (await stopped).failed;
  }

  /** The process dies; its disk stays, with the power what was synced. */
  kill(how: 'process' | 'power' = 'process'): void {
    const { clock, disk, random } = this.world;
    clock.killTasks();
    if (how === 'power') disk.losePower();
    else disk.kill();
    this.world = { clock, disk, random, network: new SimulatedNetwork(clock, random) };
  }

  /** Time passes, in steps small enough for everything that is due to happen in its order. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) await this.world.clock.advance(Math.min(left, 100));
  }

  /** Whether a line was logged that begins like this. */
  said(event: string): boolean {
    return this.logger.lines.some((line) => line.event.startsWith(event));
  }

  /** What a file holds; undefined where there is none. */
  async fileText(path: string): Promise<string | undefined> {
    return (await this.settled(this.world.disk.readFile(path)))?.toString('utf8');
  }

  async removeFiles(...paths: string[]): Promise<void> {
    for (const path of paths) await this.settled(this.world.disk.remove(path));
  }

  /** How many pulls wait for messages. */
  get heldPulls(): number {
    return this.service.running().app.get(PullFrameHandler).heldCount;
  }

  /** What the broker knows of a topic. */
  topic(name: string): TopicConfig | undefined {
    return this.service.running().app.get(TopicTable).find(name)?.config;
  }

  /** Lets everything happen that needs no time, or hardly any, until `work` is done. */
  async settled<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const watched = work.finally(() => (done = true));
    watched.catch(() => undefined);
    for (let i = 0; i < 2_000 && !done; i++) await this.world.clock.advance(i < 50 ? 0 : 1);
    return watched;
  }

  call<Q extends Message, R extends Message>(
    command: Command<Q, R>,
    message: Sent<Q>,
    over: string | RemotingConnection = BROKER,
  ): Promise<Received<R>> {
    return this.settled(this.client.call(over, command, message, CALL));
  }

  /** As `call`, the answer whatever its code. */
  ask<Q extends Message, R extends Message>(
    command: Command<Q, R>,
    message: Sent<Q>,
    over: string | RemotingConnection = BROKER,
  ): Promise<RemotingFrame> {
    return this.settled(this.client.exchange(over, command, message, CALL));
  }

  /** Sends a request of any form over a connection of its own. @returns the answer's frame */
  async raw(frame: Omit<RequestFrame, 'opaque'>, port = PORT): Promise<RemotingFrame> {
    const peer = await this.peer(port);
    peer.send({ opaque: 1, ...frame });
    await this.settled(peer.until(({ frames }) => frames.length > 0));
    peer.socket.destroy();
    return peer.frames[0]!;
  }

  async peer(port = PORT, from = '10.0.0.2'): Promise<RawPeer> {
    const peer = new RawPeer();
    const to = { host: ADDRESS, port, from };
    peer.socket = await this.settled(this.world.network.connect(to, () => peer));
    return peer;
  }

  send(
    topic: string,
    body: string | Buffer = 'body',
    options: SendOptions = {},
  ): Promise<RemotingFrame> {
    return this.ask(SendMessageV2, sendRequest(topic, body, options));
  }

  /** Sends and expects success. @returns the fields of the answer */
  async sent(
    topic: string,
    body: string | Buffer = 'body',
    options: SendOptions = {},
  ): Promise<ExtFields> {
    const answer = await this.send(topic, body, options);
    if (answer.code !== 0) throw new Error(`send failed: ${answer.code} ${answer.remark}`);
    return answer.ext();
  }

  /** A pull that is not waited for: time may have to pass first. */
  startPull(
    topic: string,
    queueOffset: number,
    options: PullOptions = {},
    over: string | RemotingConnection = BROKER,
    client = this.client,
  ): Promise<PullAnswer> {
    const message = pullRequest(topic, queueOffset, options);
    return client.exchange(over, PullMessage, message, CALL).then(pullAnswer);
  }

  pull(topic: string, queueOffset: number, options: PullOptions = {}): Promise<PullAnswer> {
    return this.settled(this.startPull(topic, queueOffset, options));
  }
}

/**
 * Starts a broker before each test, and expects behind it that it stops in order.
 * @param options.settings lines of its `broker.conf`; `topic`: one to create
 */
export function brokerForEachTest(
  adopt: (broker: SimulatedBroker) => void,
  { settings = '', topic }: { readonly settings?: string; readonly topic?: string } = {},
): void {
  let broker: SimulatedBroker;
  beforeEach(async () => {
    broker = await SimulatedBroker.start(settings);
    if (topic !== undefined) await broker.call(UpdateAndCreateTopic, newTopic(topic));
    adopt(broker);
  });
  afterEach(async () => {
    expect(await broker.stop()).toEqual([]);
  });
}

// What tests say to a broker, for those that need nothing else of it.
export { newTopic, pullRequest, sendRequest } from './requests.js';
