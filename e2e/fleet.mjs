import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.mjs';
import { programs, READY_WITHIN_MS, STOP_WITHIN_MS, writeProperties } from './programs.mjs';
import { ask, SUCCESS } from './remoting-probe.mjs';
import { accepts, ServiceProcess } from './service-process.mjs';

const LOOPBACK = '127.0.0.1';
const GET_BROKER_RUNTIME_INFO = 28;
const GET_BROKER_CLUSTER_INFO = 106;
const GET_TOPIC_CONFIG = 351;
/** Small files, so that a run crosses their ends, and the same on both sides of a pair, which it must be. */
const SEGMENT_BYTES = 4 * 1024 * 1024;
const QUESTION_WITHIN_MS = 2_000;

/** Temporary folders of fleets; whatever ends this process must not leave any behind. */
const temporaryDirs = new Set();
process.on('exit', () => {
  for (const dir of temporaryDirs) rmSync(dir, { recursive: true, force: true });
});

/**
 * One nameserver and any number of masters and slaves, of either origin, each of which may end and come back alone.
 */
export class Fleet {
  /** What did not go as it should, e.g. a stop that took too long. @type {string[]} */
  complaints = [];
  /** @type {Map<string, FleetBroker>} */
  brokers = new Map();
  #ownsDir;

  /**
   * @param {{ dir?: string, host?: string, nameserver?: 'ours' | 'apache' }} [options]
   *   `dir`: a folder that stays; `host`: where the nameserver listens
   */
  constructor({ dir, host = LOOPBACK, nameserver = 'ours' } = {}) {
    this.#ownsDir = dir === undefined;
    this.dir = dir ?? mkdtempSync(join(tmpdir(), 'rocketmq-e2e-fleet-'));
    if (this.#ownsDir) temporaryDirs.add(this.dir);
    mkdirSync(this.dir, { recursive: true });
    this.host = host;
    this.nameserverKind = nameserver;
  }

  /** Starts the nameserver. @returns {Promise<this>} */
  async start() {
    const { nameserver: port } = await freePorts();
    this.nameserverAddress = { host: this.host, port };
    await this.#startNameserver();
    return this;
  }

  /** Another nameserver at the same address; nameservers keep nothing, the brokers tell it all. */
  async replaceNameserver(kind) {
    await this.#endNameserver();
    this.nameserverKind = kind;
    await this.#startNameserver();
  }

  async #startNameserver() {
    const kind = this.nameserverKind;
    const dir = join(this.dir, `${kind}-nameserver`);
    mkdirSync(dir, { recursive: true });
    const outputFile = join(dir, 'output');
    this.nameserver = new ServiceProcess(`${kind} nameserver`, { dir, outputFile });
    const configuration = writeProperties(join(dir, 'namesrv.conf'), {
      listenPort: this.nameserverAddress.port,
      bindAddress: this.host,
      kvConfigPath: join(dir, 'kvConfig.json'),
    });
    this.nameserver.command = programs(kind).nameserver(configuration, dir);
    this.nameserver.launch();
    const limitMs = READY_WITHIN_MS[kind];
    await this.nameserver.until(() => accepts(this.nameserverAddress), {
      what: 'listens',
      limitMs,
    });
  }

  async #endNameserver() {
    if (this.nameserverKind === 'apache') await this.nameserver?.kill9();
    else await this.nameserver?.stop(STOP_WITHIN_MS.ours);
  }

  /** What a client is given. */
  get namesrv() {
    return `${this.nameserverAddress.host}:${this.nameserverAddress.port}`;
  }

  /**
   * Describes a broker; {@link FleetBroker.start} starts it.
   *
   * @param {BrokerPlan} plan
   * @returns {Promise<FleetBroker>}
   */
  async add(plan) {
    const port = plan.port ?? (await this.#freeBrokerPort());
    const broker = new FleetBroker(this, { ...plan, port });
    this.brokers.set(plan.name, broker);
    return broker;
  }

  async #freeBrokerPort() {
    for (;;) {
      const { broker } = await freePorts();
      const isNear = ({ port }) => Math.abs(port - broker) < 8;
      if (![...this.brokers.values()].some(isNear)) return broker;
    }
  }

  /** Its folder stays, to be looked into. */
  keep() {
    this.#ownsDir = false;
    temporaryDirs.delete(this.dir);
  }

  /** Ends everything, brokers first; safe to call twice. Temporary folders are removed. */
  async end() {
    // What Apache's leaves behind nobody opens again, and its brokers take 17 s to stop.
    for (const broker of this.brokers.values()) {
      if (broker.kind === 'apache') await broker.process.kill9();
    }
    // Slaves first, so that none of them looks for a master that is gone.
    const slavesFirst = [...this.brokers.values()].sort((a, b) => b.brokerId - a.brokerId);
    for (const broker of slavesFirst) {
      broker.process.resume();
      await broker.stop();
    }
    await this.#endNameserver();
    if (!this.#ownsDir) return;
    rmSync(this.dir, { recursive: true, force: true });
    temporaryDirs.delete(this.dir);
  }
}

/**
 * @typedef {object} BrokerPlan
 * @property {string} name of this process within the fleet
 * @property {'ours' | 'apache'} kind
 * @property {string} [apacheVersion]
 * @property {string} [brokerName] default `broker-a`
 * @property {number} [brokerId] default 0; a slave's is above
 * @property {'ASYNC_MASTER' | 'SYNC_MASTER' | 'SLAVE'} [role] default follows from the id
 * @property {number} [port] default: a free one
 * @property {string} [host] default: the fleet's
 * @property {string} [storeDir] default: within the fleet's folder
 * @property {string[]} [within] words before the command, e.g. of `ip netns exec`
 * @property {Record<string, string | number | boolean>} [conf] further lines of its configuration
 */

/** A master or a slave of a {@link Fleet}. */
export class FleetBroker {
  /** @param {Fleet} fleet @param {BrokerPlan & { port: number }} plan */
  constructor(fleet, plan) {
    this.fleet = fleet;
    this.plan = plan;
    const { name, kind, port, brokerName = 'broker-a', brokerId = 0, host = fleet.host } = plan;
    Object.assign(this, { name, kind, port, brokerName, brokerId, host });
    this.dir = join(fleet.dir, name);
    this.storeDir = plan.storeDir ?? join(this.dir, 'store');
    mkdirSync(this.dir, { recursive: true });
    this.process = new ServiceProcess(`${kind} ${name}`, {
      dir: this.dir,
      outputFile: join(this.dir, 'output'),
    });
    this.configure();
  }

  get address() {
    return { host: this.host, port: this.port };
  }

  /** Writes the configuration; holds from the next start on. @param {Record<string, unknown>} [more] further lines */
  configure(more = {}) {
    const { kind, brokerId, plan } = this;
    const role = plan.role ?? (brokerId === 0 ? 'ASYNC_MASTER' : 'SLAVE');
    const configuration = writeProperties(join(this.dir, 'broker.conf'), {
      brokerClusterName: 'DefaultCluster',
      brokerName: this.brokerName,
      brokerId,
      brokerRole: role,
      listenPort: this.port,
      haListenPort: this.port + 1,
      brokerIP1: this.host,
      brokerIP2: this.host,
      namesrvAddr: this.fleet.namesrv,
      storePathRootDir: this.storeDir,
      // Apache's default for this one is not below the root.
      storePathCommitLog: join(this.storeDir, 'commitlog'),
      mappedFileSizeCommitLog: SEGMENT_BYTES,
      flushDiskType: 'ASYNC_FLUSH',
      autoCreateTopicEnable: true,
      // Apache's slaves refuse all pulls without it.
      ...(role === 'SLAVE' ? { slaveReadEnable: true } : {}),
      // A machine under load lets a send wait longer than 200 ms.
      ...(kind === 'apache' ? { waitTimeMillsInSendQueue: 30_000 } : { bindAddress: this.host }),
      ...plan.conf,
      ...more,
    });
    const { broker, slave } = programs(kind, plan);
    const command = (role === 'SLAVE' ? slave : broker)(configuration, this.dir);
    this.process.command = plan.within
      ? [plan.within[0], [...plan.within.slice(1), command[0], ...command[1]]]
      : command;
  }

  /** Starts it and waits until the nameserver knows it. */
  async start() {
    this.launch();
    await this.ready();
  }

  launch() {
    mkdirSync(this.dir, { recursive: true });
    this.process.launch();
  }

  async ready() {
    const limitMs = READY_WITHIN_MS[this.kind];
    await this.process.until(() => accepts(this.address), { what: 'listens', limitMs });
    await this.process.until(() => this.isRegistered(), { what: 'is registered', limitMs });
  }

  async stop() {
    const complaint = await this.process.stop(STOP_WITHIN_MS[this.kind]);
    if (complaint) this.fleet.complaints.push(complaint);
  }

  kill9() {
    return this.process.kill9();
  }

  async isRegistered() {
    const question = { code: GET_BROKER_CLUSTER_INFO };
    const { code, body } = await ask(this.fleet.nameserverAddress, question, QUESTION_WITHIN_MS);
    // Apache's nameserver writes the ids without quotes, so this is no JSON.
    const entry = new RegExp(`"?\\b${this.brokerId}"?:"${this.host}:${this.port}"`);
    return code === SUCCESS && entry.test(body.toString());
  }

  /** What `mqadmin brokerStatus` shows. @returns {Promise<Record<string, string>>} */
  async runtimeInfo() {
    const question = { code: GET_BROKER_RUNTIME_INFO };
    const { code, body, remark } = await ask(this.address, question, QUESTION_WITHIN_MS);
    if (code !== SUCCESS) throw new Error(`${this.name} answers ${code} ${remark}`);
    return JSON.parse(body.toString()).table;
  }

  /** Waits until it has a topic; slaves ask for those of their master every few seconds. */
  async knowsTopic(topic, limitMs = 60_000) {
    const question = { code: GET_TOPIC_CONFIG, extFields: { topic } };
    const knows = async () =>
      (await ask(this.address, question, QUESTION_WITHIN_MS)).code === SUCCESS;
    await this.process.until(knows, { what: `knows ${topic}`, limitMs });
  }

  /** Where the next byte of its log goes. */
  async logEnd() {
    return Number((await this.runtimeInfo()).commitLogMaxOffset);
  }

  /** Waits until a slave has all that `master` has now; no sends may be under way. */
  async caughtUpWith(master, limitMs = 60_000) {
    const isEqual = async () => (await this.logEnd()) === (await master.logEnd());
    const what = `has all that ${master.name} has`;
    await this.process.until(isEqual, { what, limitMs }).catch(async (error) => {
      const ends = `${await this.logEnd()} of ${await master.logEnd()} bytes`;
      throw new Error(`${ends}: ${error.message}`, { cause: error });
    });
  }

  /** Waits until its log has so many bytes. */
  async has(logEnd, limitMs = 60_000) {
    const reached = async () => (await this.logEnd()) >= logEnd;
    await this.process.until(reached, { what: `has ${logEnd} bytes`, limitMs });
  }

  /** Removes its store, as if the disk were lost. */
  wipe() {
    rmSync(this.storeDir, { recursive: true, force: true });
  }

  get hasStore() {
    return existsSync(this.storeDir);
  }
}
