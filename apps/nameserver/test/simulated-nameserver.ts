import {
  HttpConfig,
  LimitsConfig,
  LoggingConfig,
  NameserverConfig,
  resolveConfig,
} from '@rocketmq-ts/config';
import { Lifecycle } from '@rocketmq-ts/kernel';
import {
  type Command,
  type DataVersion,
  encodeRegisterBody,
  type Message,
  type QueueData,
  type Received,
  RegisterBroker,
  registerBodyCrc,
  type RequestFrame,
  type Sent,
  type TopicConfig,
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
import { nameserverParts } from '../src/nameserver.lifecycle.js';
import type { NameserverState } from '../src/nameserver.module.js';

const GROUPS = [NameserverConfig, LimitsConfig, HttpConfig, LoggingConfig];
/** Addresses in the simulated network: clients of `client()` come from the first one. */
const ADDRESS = '10.0.0.1';
const PORT = 9_876;

/** What a test says of a registration; the rest is a master with two topics. */
export type RegistrationHeader = Partial<Sent<typeof RegisterBroker.request>['header']> & {
  readonly topics?: readonly string[];
  readonly dataVersion?: DataVersion;
  readonly deflated?: boolean;
};

export const topicConfig = (topicName: string, more: Partial<TopicConfig> = {}): TopicConfig => ({
  attributes: new Map(),
  order: false,
  perm: 6,
  readQueueNums: 4,
  topicFilterType: 'SINGLE_TAG',
  topicName,
  topicSysFlag: 0,
  writeQueueNums: 4,
  ...more,
});

export const queueData = (brokerName: string): QueueData => ({
  brokerName,
  perm: 6,
  readQueueNums: 1,
  topicSysFlag: 0,
  writeQueueNums: 1,
});

export const VERSION_ONE: DataVersion = { counter: 1, stateVersion: 0, timestamp: 5 };

/** A registration as a broker sends it. */
export function registration({
  topics = ['TopicTest', 'TBW102'],
  dataVersion = VERSION_ONE,
  deflated = false,
  ...header
}: RegistrationHeader = {}): Sent<typeof RegisterBroker.request> {
  const body = encodeRegisterBody(
    {
      filterServerList: [],
      topicConfigSerializeWrapper: {
        dataVersion,
        mappingDataVersion: VERSION_ONE,
        topicConfigTable: new Map(topics.map((name) => [name, topicConfig(name)])),
        topicQueueMappingDetailMap: new Map(),
        topicQueueMappingInfoMap: new Map(),
      },
    },
    deflated,
  );
  return {
    header: {
      brokerName: 'broker-a',
      brokerAddr: '10.0.0.2:10911',
      clusterName: 'DefaultCluster',
      haServerAddr: '10.0.0.2:10912',
      brokerId: 0,
      enableActingMaster: false,
      compressed: deflated,
      bodyCrc32: registerBodyCrc(body),
      ...header,
    },
    body,
  };
}

/** A whole nameserver in a world whose time, files and network belong to the test. */
export class SimulatedNameserver {
  readonly logger = new RecordingLogger();
  readonly client: RemotingClient;
  state!: NameserverState;
  private lifecycle!: Lifecycle;

  private constructor(
    readonly clock: SimulatedClock,
    readonly network: SimulatedNetwork,
    readonly disk: SimulatedDisk,
  ) {
    this.client = new RemotingClient({ network, clock, logger: this.logger });
  }

  /** @param settings lines of a `namesrv.conf`. */
  static async start(
    settings = '',
    world?: { readonly disk: SimulatedDisk; readonly clock: SimulatedClock },
  ): Promise<SimulatedNameserver> {
    const clock = world?.clock ?? new SimulatedClock();
    const random = new SimulatedRandom(7);
    const disk = world?.disk ?? new SimulatedDisk(clock, random);
    const simulated = new SimulatedNameserver(clock, new SimulatedNetwork(clock, random), disk);
    await simulated.run(settings);
    return simulated;
  }

  private async run(settings: string): Promise<void> {
    const text = `kvConfigPath=/ns/kvConfig.json\nhttpPort=-1\nadminPeers=10.0.0.2\n${settings}`;
    const { clock, disk, network, logger } = this;
    const config = resolveConfig({ groups: GROUPS, file: { path: 'namesrv.conf', text } });
    const { parts, state, onReady } = await nameserverParts({
      config,
      logger,
      clock,
      disk,
      network,
    });
    this.state = state;
    this.lifecycle = new Lifecycle(parts, { clock, logger });
    await this.settled(this.lifecycle.start());
    onReady?.();
  }

  async stop(): Promise<void> {
    this.client.close();
    const stopped = this.lifecycle.stop();
    for (let i = 0; i < 10; i++) await this.clock.advance(1_000);
    await stopped;
  }

  /** Lets everything happen that needs no time, until `work` is done. */
  async settled<T>(work: Promise<T>): Promise<T> {
    const progress = { done: false };
    const watched = work.finally(() => (progress.done = true));
    watched.catch(() => undefined); // thrown below
    for (let i = 0; i < 1_000 && !progress.done; i++) await this.clock.advance(0);
    return watched;
  }

  /** Asks as `client`, from 10.0.0.2. */
  call<Q extends Message, R extends Message>(
    command: Command<Q, R>,
    message: Sent<Q>,
    over: string | RemotingConnection = `${ADDRESS}:${PORT}`,
  ): Promise<Received<R>> {
    return this.settled(this.client.call(over, command, message, { timeoutMs: 60_000 }));
  }

  /** Asks with a request of any form over a connection of its own. @returns the answer's frame. */
  async ask(frame: RequestFrame, { from = '10.0.0.2', port = PORT } = {}) {
    const peer = await this.peer(from, port);
    peer.send(frame);
    await this.settled(peer.until(({ frames }) => frames.length > 0));
    return peer.frames[0]!;
  }

  async peer(from = '10.0.0.2', port = PORT): Promise<RawPeer> {
    const peer = new RawPeer();
    peer.socket = await this.network.connect({ host: ADDRESS, port, from }, () => peer);
    return peer;
  }

  /** Registers over a connection of its own, which ends when the broker does. */
  async registerOver(from: string, header: RegistrationHeader = {}): Promise<RemotingConnection> {
    const broker = new RemotingClient({
      network: {
        listen: () => Promise.reject(new Error('brokers do not listen here')),
        connect: (to, onConnection) => this.network.connect({ ...to, from }, onConnection),
      },
      clock: this.clock,
      logger: this.logger,
    });
    const connection = await this.settled(broker.connect(`${ADDRESS}:${PORT}`));
    await this.settled(
      broker.call(connection, RegisterBroker, registration(header), { timeoutMs: 60_000 }),
    );
    return connection;
  }
}
