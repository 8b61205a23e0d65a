import {
  RecordingLogger,
  SimulatedClock,
  SimulatedNetwork,
  SimulatedRandom,
} from '@rocketmq-ts/testing';
import { cutStore, wipeStore, type MessageStoreOptions } from '@rocketmq-ts/storage';
import { MortalClock, SimulatedStore } from '@rocketmq-ts/testing/store';
import {
  ReplicaClient,
  ReplicationAcceptor,
  ReplicationProgress,
  SyncPolicy,
  type MasterLink,
  type ReplicaClientOptions,
  type ReplicaRepair,
} from '../src/index.js';
import { Cable, MortalNetwork } from './mortal-network.js';
import { GROUP, HA_PORT, offerOf, SLAVE } from './simulated-pair.js';

const ANSWER_MS = 3_000;

/** How a process ends that is not asked. */
export type Death = 'kill' | 'losePower';

/** What a process has of its own, beside its store. */
class Process {
  readonly clock: MortalClock;
  readonly network: MortalNetwork;
  alive = true;

  constructor(clock: SimulatedClock, cable: Cable) {
    this.clock = new MortalClock(clock);
    this.network = new MortalNetwork(cable, this.clock);
  }

  die(how: Death): void {
    this.alive = false;
    this.clock.die();
    if (how === 'kill') this.network.die();
    else this.network.losePower();
  }
}

/**
 * A master and its slave, each with a real store on a disk of its own, joined by a cable. Either can die and start again;
 * sends wait for the slave.
 */
export class TwoMachines {
  readonly clock = new SimulatedClock();
  readonly logger = new RecordingLogger();
  readonly random: SimulatedRandom;
  readonly cable: Cable;
  readonly master: SimulatedStore;
  readonly slave: SimulatedStore;
  policy: SyncPolicy | undefined;
  client: ReplicaClient | undefined;
  repair: ReplicaRepair | undefined;
  private masterProcess: Process | undefined;
  private slaveProcess: Process | undefined;
  private acceptor: ReplicationAcceptor | undefined;
  private lives = 0;
  private masterBoots = 0;
  private slaveBoots = 0;

  constructor(
    readonly seed: number,
    store: Partial<MessageStoreOptions>,
    readonly following: ReplicaClientOptions,
  ) {
    // A full disk must not make a store delete its oldest files: both logs are compared from their start.
    const retention = { cleanForcibly: false };
    const options = {
      ...store,
      retention,
      indexEnabled: true,
      lightQueues: { enabled: true, countMax: 100 },
    };
    this.random = new SimulatedRandom(seed);
    this.cable = new Cable(new SimulatedNetwork(this.clock, new SimulatedRandom(seed + 1)));
    this.master = new SimulatedStore(seed * 2 + 1, options, this.clock);
    this.slave = new SimulatedStore(seed * 2 + 2, options, this.clock);
  }

  get masterAlive(): boolean {
    return this.masterProcess?.alive === true;
  }

  get slaveAlive(): boolean {
    return this.slaveProcess?.alive === true;
  }

  async startMaster(): Promise<void> {
    const { master, logger, clock } = this;
    const store = await master.open({ bootId: `boot-${this.masterBoots}` });
    this.lives++;
    const process = new Process(clock, this.cable);
    const progress = new ReplicationProgress();
    const parts = { log: store.rawLog, progress, clock: process.clock, logger };
    const random = new SimulatedRandom(this.seed * 1_000 + this.lives);
    this.policy = new SyncPolicy(parts, { inSyncReplicas: 2 });
    store.waitForCopies(this.policy);
    const { network } = process;
    this.acceptor = new ReplicationAcceptor(
      { ...parts, network, random },
      { host: '', port: HA_PORT },
    );
    await this.acceptor.start();
    this.masterProcess = process;
    if (this.random.chance(0.5)) this.cable.disown();
  }

  async startSlave(): Promise<void> {
    await this.slave.open({ bootId: `boot-${this.slaveBoots}` });
    if (this.random.chance(0.5)) this.cable.disown();
    this.follow();
  }

  endMaster(how: Death): void {
    this.masterProcess?.die(how);
    this.master[how]();
    if (how === 'losePower') this.masterBoots++;
  }

  endSlave(how: Death): void {
    this.slaveProcess?.die(how);
    this.slave[how]();
    if (how === 'losePower') this.slaveBoots++;
  }

  /** What an operator does, or the policy in his place: the slave's store is closed, repaired and opened again. */
  async repairSlave(repair: ReplicaRepair): Promise<void> {
    const { slave } = this;
    this.client?.stop();
    this.slaveProcess?.die('kill');
    await slave.close();
    const options = { ...SimulatedStore.defaults, ...slave.options, rootPath: '/store' };
    if (repair.kind === 'RESEED') await slave.drive(wipeStore(slave.seams(), options));
    else await slave.drive(cutStore(slave.seams(), options, repair.offset));
    this.repair = undefined;
    await this.startSlave();
  }

  async close(): Promise<void> {
    this.client?.stop();
    this.policy?.close();
    await this.acceptor?.stop();
    if (this.masterAlive) await this.master.close();
    if (this.slaveAlive) await this.slave.close();
  }

  private follow(): void {
    const { slave, logger, clock } = this;
    const { store } = slave;
    const process = new Process(clock, this.cable);
    this.slaveProcess = process;
    this.client = new ReplicaClient(
      {
        log: store.rawLog,
        replica: store.replicaLog,
        pressure: store,
        network: process.network,
        clock: process.clock,
        logger,
        link: this.link(process),
        identity: { ...GROUP, ...SLAVE, epoch: () => 1 },
        masterAddress: () => ({ host: 'master', port: HA_PORT }),
        onRepair: (repair) => (this.repair = repair),
      },
      this.following,
    );
    this.client.start();
  }

  /** The master's ordinary port: the same cable, with time on the way, and no answer from the dead. */
  private link(slave: Process): MasterLink {
    const sleep = (ms: number): Promise<void> =>
      new Promise((done) => void slave.clock.setTimer(ms, done));
    const ask = async <T>(answer: () => T | Promise<T>): Promise<T> => {
      const master = this.masterProcess;
      await sleep(this.random.below(5));
      const heard = (): boolean => this.cable.whole && master?.alive === true;
      const unanswered = sleep(ANSWER_MS).then(() => Promise.reject(new Error('no answer')));
      const answered = heard() ? Promise.resolve(answer()) : new Promise<T>(() => undefined);
      const found = await Promise.race([answered, unanswered]);
      await sleep(this.random.below(5));
      if (!heard()) throw new Error('the answer was lost');
      return found;
    };
    return {
      openReplication: () => ask(() => offerOf(this.master.store.rawLog, this.acceptor!)),
      checksum: (from, to) => ask(() => this.master.store.rawLog.checksum(from, to)),
      describe: () => Promise.reject(new Error('not Apache')),
      recordAt: () => Promise.reject(new Error('not Apache')),
    };
  }
}
