/** One side's nameserver and broker in a directory of their own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findPort } from './machine.mjs';
import { setAside } from './page-cache.mjs';
import { ServiceProcess, wallClockMs } from './processes.mjs';

export const brokerName = 'bench-broker';
/** Distances of a broker's other ports: fast port, replication, and our own HTTP port. */
export const brokerNeighbours = [-2, 0, 1, 2];
export const startLimitMs = 120_000;

function canConnect(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

export class Cluster {
  /**
   * @param {import('./sides.mjs').Side} side
   * @param {import('./load-generator.mjs').LoadGenerator} generator
   * @param {{directory: string, flush?: 'ASYNC_FLUSH'|'SYNC_FLUSH', heap?: 'standard'|'small', brokerCpu?: number,
   *   brokerLines?: string[]}} options brokerLines: configuration beyond what every broker gets
   */
  constructor(side, generator, options) {
    this.side = side;
    this.generator = generator;
    this.options = { flush: 'ASYNC_FLUSH', heap: 'standard', ...options };
    this.directory = options.directory;
  }

  get brokerAddress() {
    return `127.0.0.1:${this.brokerPort}`;
  }

  get nameserverAddress() {
    return `127.0.0.1:${this.nameserverPort}`;
  }

  /** Options that every load on this broker needs. */
  get target() {
    return { broker: this.brokerAddress, brokerName, pid: this.broker.pid };
  }

  /** Fresh directory, ports, configuration files; starts nothing. */
  async prepare() {
    mkdirSync(this.directory);
    this.nameserverPort = await findPort();
    this.brokerPort = await findPort(brokerNeighbours);
    this.nameserverConfig = this.writeConfig('namesrv.conf', [
      `listenPort=${this.nameserverPort}`,
      ...this.side.nameserverLines,
    ]);
    this.brokerConfig = this.writeConfig('broker.conf', [
      'brokerClusterName=bench',
      `brokerName=${brokerName}`,
      'brokerId=0',
      'brokerIP1=127.0.0.1',
      `listenPort=${this.brokerPort}`,
      `namesrvAddr=${this.nameserverAddress}`,
      `storePathRootDir=${path.join(this.directory, 'store')}`,
      `flushDiskType=${this.options.flush}`,
      'autoCreateTopicEnable=true',
      ...(this.options.brokerLines ?? []),
    ]);
  }

  /** A configuration file in the directory of this cluster. @returns its path */
  writeConfig(name, lines) {
    const file = path.join(this.directory, name);
    writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  }

  /** Starts the nameserver and returns when it accepts connections. */
  async startNameserver() {
    const how = this.side.nameserver({
      directory: this.directory,
      configFile: this.nameserverConfig,
    });
    this.nameserver = new ServiceProcess(how, path.join(this.directory, 'nameserver.out'));
    while (!(await canConnect(this.nameserverPort))) {
      this.nameserver.assertAlive();
      if (wallClockMs() - this.nameserver.startedAtMs > startLimitMs) {
        throw new Error(`nameserver not ready: ${this.nameserver.logTail()}`);
      }
      await sleep(4);
    }
  }

  /**
   * Starts the broker and waits for its first acknowledged send.
   *
   * @param {{needsRoute?: boolean, limitMs?: number}} [options] needsRoute: the nameserver must know the way, too
   * @returns ms from the start of the process
   */
  async startBroker({ needsRoute = false } = {}) {
    const how = this.side.broker({
      directory: this.directory,
      configFile: this.brokerConfig,
      nameserver: this.nameserverAddress,
      heap: this.options.heap,
    });
    const cpu = this.options.brokerCpu;
    const pinned =
      cpu === undefined
        ? how
        : { ...how, command: 'taskset', args: ['-c', String(cpu), how.command, ...how.args] };
    const acknowledged = this.generator.run('first-ack', {
      broker: this.brokerAddress,
      brokerName,
      nameserver: needsRoute ? this.nameserverAddress : '',
      topic: 'BenchReady',
      timeout: `${startLimitMs}ms`,
    });
    acknowledged.catch(() => {}); // awaited below; must not count as unhandled meanwhile
    // the waiting program is up and knocking before the broker starts
    await sleep(30);
    this.broker = new ServiceProcess(pinned, path.join(this.directory, 'broker.out'));
    const died = this.broker.exited.then(() => this.broker.assertAlive());
    const result = await Promise.race([acknowledged, died]);
    return result.acknowledgedAtMs - this.broker.startedAtMs;
  }

  /** Nameserver, then broker, ready for load. */
  async start() {
    await this.prepare();
    await this.startNameserver();
    return this.startBroker({ needsRoute: true });
  }

  /** Clean stop of both. @returns how long the broker took, in ms */
  async stop() {
    const brokerMs = this.broker ? await this.broker.stop() : 0;
    if (this.nameserver) await this.nameserver.stop();
    return brokerMs;
  }

  /** Whatever still runs is killed, and its name is free for the next one. */
  async remove() {
    for (const service of [this.broker, this.nameserver]) {
      if (service && !service.outcome) await service.kill();
    }
    setAside(this.directory);
  }
}
