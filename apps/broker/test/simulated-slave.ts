import { updatesPathOf } from '@rocketmq-ts/broker';
import { slaveParts, type SlaveService } from '@rocketmq-ts/broker-slave-app';
import {
  BrokerConfig,
  HttpConfig,
  LimitsConfig,
  LoggingConfig,
  PopConfig,
  ReplicationConfig,
  resolveConfig,
  StoreConfig,
} from '@rocketmq-ts/config';
import { Lifecycle } from '@rocketmq-ts/kernel';
import type { Command, Message, Received, RemotingFrame, Sent } from '@rocketmq-ts/protocol';
import type { RemotingClient } from '@rocketmq-ts/remoting';
import { RecordingLogger, SimulatedDisk } from '@rocketmq-ts/testing';
import { type PullAnswer } from './pull-answer.js';
import type { PullOptions } from './requests.js';
import { CALL, SimulatedBroker } from './simulated-broker.js';

const GROUPS = [
  BrokerConfig,
  StoreConfig,
  PopConfig,
  ReplicationConfig,
  LimitsConfig,
  HttpConfig,
  LoggingConfig,
];
/** Where the slave takes requests. */
export const SLAVE = '10.0.0.1:10921';

const SETTINGS = `
brokerName=broker-a
brokerRole=SLAVE
brokerId=1
brokerIP1=10.0.0.1
listenPort=10921
masterAddress=10.0.0.1:10911
haMasterAddress=10.0.0.1:10912
storePathRootDir=/store
commitLogSegmentBytes=1048576
tailCacheBytes=262144
zeroAheadBytes=0
adminPeers=10.0.0.2
httpPort=-1
`;

/** A slave beside a simulated broker: their network and time are one, their disks two. */
export class SimulatedSlave {
  readonly logger = new RecordingLogger();
  readonly disk: SimulatedDisk;
  /** Of its own: that of the master ends with it. */
  private client: RemotingClient;
  service!: SlaveService;
  /** What the slave has asked its process for. */
  asked: 'master' | 'restart' | undefined;
  private lifecycle!: Lifecycle;

  private constructor(private readonly master: SimulatedBroker) {
    const { clock, random } = master.world;
    this.disk = new SimulatedDisk(clock, random);
    this.client = master.newClient();
  }

  /** @param settings lines of its `broker.conf` */
  static async start(master: SimulatedBroker, settings = ''): Promise<SimulatedSlave> {
    const slave = new SimulatedSlave(master);
    await slave.run(settings);
    return slave;
  }

  /** Starts, also again after a stop, with the same files. */
  async run(settings = ''): Promise<void> {
    const { clock, network, random } = this.master.world;
    const file = { path: 'broker.conf', text: `${SETTINGS}${settings}` };
    const first = resolveConfig({ groups: GROUPS, file });
    const bytes = await this.master.settled(this.disk.readFile(updatesPathOf(first)));
    const updates = bytes && { path: updatesPathOf(first), text: bytes.toString('utf8') };
    const config = resolveConfig({ groups: GROUPS, file, updates });
    const { disk, logger } = this;
    this.asked = undefined;
    this.client = this.master.newClient();
    this.service = await this.master.settled(
      slaveParts({
        config,
        seams: { clock, disk, network, random, logger },
        becomeMaster: () => (this.asked = 'master'),
        restart: () => (this.asked = 'restart'),
      }),
    );
    this.lifecycle = new Lifecycle(this.service.parts, { clock, logger });
    await this.master.settled(this.lifecycle.start());
    this.service.onReady?.();
  }

  async stop(): Promise<readonly string[]> {
    this.service.onStopping?.();
    const stopped = this.lifecycle.stop();
    for (let i = 0; i < 12; i++) await this.master.world.clock.advance(1_000);
    this.client.close();
    return (await stopped).failed;
  }

  /** The process dies together with its master's: `kill` that first, and `run` this one again. */
  kill(): void {
    this.disk.kill();
  }

  /** The page `/readyz`. */
  async ready(): Promise<{ readonly status: number; readonly text: string }> {
    const { status, body } = await this.service.readiness.page();
    return { status, text: body.toString() };
  }

  /** CRC-32 of all that both logs have, of this one. */
  checksum(endOffset: number): Promise<number | undefined> {
    return this.master.settled(this.service.running().store.rawLog.checksum(0, endOffset));
  }

  /** Whether the whole log of the master is here. */
  get caughtUp(): boolean {
    const { replicaLog } = this.service.running().store;
    return replicaLog.writtenOffset === this.master.service.running().store.rawLog.writtenOffset;
  }

  /** Waits for the log and then for a round of the tables that knows it. */
  async catchUp(): Promise<void> {
    for (let i = 0; i < 100 && !this.caughtUp; i++) await this.master.pass(100);
    if (!this.caughtUp)
      throw new Error(`the slave did not catch up: ${this.service.replication().state}`);
    await this.master.pass(7_000);
  }

  call<Q extends Message, R extends Message>(
    command: Command<Q, R>,
    message: Sent<Q>,
  ): Promise<Received<R>> {
    return this.master.settled(this.client.call(SLAVE, command, message, CALL));
  }

  ask<Q extends Message, R extends Message>(
    command: Command<Q, R>,
    message: Sent<Q>,
  ): Promise<RemotingFrame> {
    return this.master.settled(this.client.exchange(SLAVE, command, message, CALL));
  }

  startPull(topic: string, queueOffset: number, options: PullOptions = {}): Promise<PullAnswer> {
    return this.master.startPull(topic, queueOffset, options, SLAVE, this.client);
  }

  pull(topic: string, queueOffset: number, options: PullOptions = {}): Promise<PullAnswer> {
    return this.master.settled(this.startPull(topic, queueOffset, options));
  }

  /** The broker that this slave becomes: it has stopped, and so has its master, whose address the new one takes over. */
  async successor(settings = ''): Promise<SimulatedBroker> {
    const { world } = this.master;
    return SimulatedBroker.start(settings, { ...world, disk: this.disk });
  }
}
