/** A master and its slave on one machine, each a process with a store of its own, behind one nameserver. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, brokerName, brokerNeighbours, startLimitMs } from './cluster.mjs';
import { assertSameLog, extentOf } from './commit-log-files.mjs';
import { findPort } from './machine.mjs';
import { ServiceProcess, wallClockMs } from './processes.mjs';

const sameLimitMs = 120_000;
const sharedLines = ['brokerClusterName=bench', `brokerName=${brokerName}`, 'brokerIP1=127.0.0.1', 'brokerIP2=127.0.0.1']; // prettier-ignore

/** Apache's sync masters wait for a copy only when told how many there must be; ours gets the same line. */
const roleLines = {
  ASYNC_MASTER: ['brokerRole=ASYNC_MASTER'],
  SYNC_MASTER: ['brokerRole=SYNC_MASTER', 'inSyncReplicas=2'],
};

export class Pair {
  /**
   * @param {import('./sides.mjs').Side} side
   * @param {import('./load-generator.mjs').LoadGenerator} generator
   * @param {{directory: string, role: 'ASYNC_MASTER'|'SYNC_MASTER'}} options
   */
  constructor(side, generator, { directory, role }) {
    this.side = side;
    this.generator = generator;
    this.master = new Cluster(side, generator, {
      directory,
      brokerLines: ['brokerIP2=127.0.0.1', ...roleLines[role]],
    });
    this.slaveDirectory = path.join(directory, 'slave');
  }

  /** Options that every load on the master needs. */
  get target() {
    return this.master.target;
  }

  get slaveAddress() {
    return `127.0.0.1:${this.slavePort}`;
  }

  get masterLog() {
    return path.join(this.master.directory, 'store', 'commitlog');
  }

  get slaveLog() {
    return path.join(this.slaveDirectory, 'store', 'commitlog');
  }

  /** Both; a sync master acknowledges its first send only when its slave is there. */
  async start() {
    await this.master.prepare();
    await this.master.startNameserver();
    const acknowledged = this.master.startBroker({ needsRoute: true });
    acknowledged.catch(() => {}); // awaited below; must not count as unhandled meanwhile
    const nameserver = this.master.nameserverAddress;
    const route = this.generator.run('route', { nameserver, timeout: `${startLimitMs}ms` });
    await Promise.race([route, acknowledged]);
    await this.startSlave();
    await acknowledged;
    await this.waitUntilSame();
  }

  /** The master alone. */
  async startMaster() {
    await this.master.start();
  }

  /** An empty slave's process; what it copies comes later. */
  async startSlave() {
    mkdirSync(this.slaveDirectory, { recursive: true });
    this.slavePort = await findPort(brokerNeighbours);
    await this.#launchSlave(1, 'SLAVE', this.side.slave);
  }

  async #launchSlave(brokerId, role, command) {
    const configFile = this.master.writeConfig(`slave-${role}.conf`, [
      ...sharedLines,
      `brokerId=${brokerId}`,
      `brokerRole=${role}`,
      `listenPort=${this.slavePort}`,
      `haListenPort=${this.slavePort + 1}`,
      `namesrvAddr=${this.master.nameserverAddress}`,
      `storePathRootDir=${path.join(this.slaveDirectory, 'store')}`,
      'flushDiskType=ASYNC_FLUSH',
      'autoCreateTopicEnable=true',
    ]);
    const nameserver = this.master.nameserverAddress;
    const how = command({
      directory: this.slaveDirectory,
      configFile,
      nameserver,
      heap: 'standard',
    });
    this.slave = new ServiceProcess(how, path.join(this.master.directory, 'slave.out'));
  }

  /**
   * The slave becomes the master: by the side's command, or by a start as one.
   *
   * @returns when it was told so, by the wall clock
   */
  async promote() {
    const sinceMs = wallClockMs();
    const command = this.side.promote(this.slaveAddress);
    if (command) {
      const told = new ServiceProcess(command, path.join(this.master.directory, 'promote.out'));
      const { code } = await told.exited;
      if (code !== 0) throw new Error(`promotion: ${told.logTail()}`);
    } else {
      await this.slave.stop();
      await this.#launchSlave(0, 'ASYNC_MASTER', this.side.broker);
    }
    return sinceMs;
  }

  /** Whether the slave's log ends where the master's ends. */
  isCaughtUp() {
    const slave = extentOf(this.slaveLog);
    return slave.end > slave.first && slave.end === extentOf(this.masterLog).end;
  }

  /** Waits until nothing is under way from the master to the slave. */
  async waitUntilSame() {
    const sinceMs = wallClockMs();
    while (!this.isCaughtUp()) {
      this.slave.assertAlive();
      if (wallClockMs() - sinceMs > sameLimitMs) {
        throw new Error(
          `master at ${extentOf(this.masterLog).end}, slave at ${extentOf(this.slaveLog).end} after ${sameLimitMs} ms; ${this.slave.logTail()}`,
        );
      }
      await sleep(100);
    }
  }

  /**
   * The proof that copies are copies: with no load, both logs hold the same bytes.
   *
   * @throws {Error} when they do not
   */
  async assertSameLogs() {
    for (let attempt = 1; ; attempt++) {
      await this.waitUntilSame();
      try {
        return assertSameLog(this.masterLog, this.slaveLog);
      } catch (error) {
        // a broker writes a record of its own now and then; bytes that differ for good are another matter
        if (attempt === 3) throw error;
      }
    }
  }

  /**
   * A sync master whose slave stands still must acknowledge nothing.
   *
   * @throws {Error} when it does
   */
  async assertWaitsForCopies() {
    process.kill(this.slave.pid, 'SIGSTOP');
    try {
      const { broker, brokerName: name } = this.target;
      const send = { broker, brokerName: name, topic: 'BenchReady', timeout: '1s' };
      const refusal = await this.generator.run('first-ack', send).then(
        () => undefined,
        (error) => error,
      );
      if (!refusal) throw new Error('a send was acknowledged while the slave stood still');
      if (!refusal.message.includes('no send acknowledged within')) throw refusal;
    } finally {
      process.kill(this.slave.pid, 'SIGCONT');
    }
  }

  /** Keeps this pair from taking processor time while another one is measured. */
  freeze() {
    for (const { pid } of this.#processes()) process.kill(pid, 'SIGSTOP');
  }

  /** Ends `freeze`. */
  thaw() {
    for (const { pid } of this.#processes()) process.kill(pid, 'SIGCONT');
  }

  #processes() {
    const { nameserver, broker } = this.master;
    return [nameserver, broker, this.slave].filter((service) => service && !service.outcome);
  }

  /** Clean stop of whatever runs. */
  async stop() {
    this.thaw();
    await this.slave?.stop();
    await this.master.stop();
  }

  /** Whatever still runs is killed, and its name is free for the next one. */
  async remove() {
    if (this.slave && !this.slave.outcome) await this.slave.kill();
    await this.master.remove();
  }
}
