import { Fleet } from '../fleet.mjs';
import { ChaosDriver } from './driver.mjs';
import { PairNetwork } from './pair-network.mjs';

/** What the driver does between two sends of each of its 25 workers; more would leave nothing of two cores. */
const PACE_MS = 12;
const TOPIC = 'Chaos';

/**
 * A master and its slave under a driver, on a network of their own if that is wanted.
 */
export class Pair {
  #sends = 0;

  /**
   * @param {{ server?: 'ours' | 'apache', slaveServer?: 'ours' | 'apache', apacheVersion?: string,
   *   mode: 'sync' | 'async', withNetwork?: boolean, slaveLater?: boolean,
   *   masterConf?: Record<string, unknown>, slaveConf?: Record<string, unknown>, slaveStoreDir?: string }} options
   *   `server`: whose nameserver and brokers; `slaveServer`: where the slave is another's;
   *   `slaveLater`: it is described and not started
   */
  static async start({ server = 'ours', mode, withNetwork = false, ...more }) {
    const pair = new Pair();
    pair.network = withNetwork ? new PairNetwork() : undefined;
    pair.fleet = new Fleet({ host: pair.network?.hosts.client, nameserver: server });
    try {
      await pair.fleet.start();
      pair.driver = new ChaosDriver({ dir: pair.fleet.dir, topic: TOPIC });
      const sync = mode === 'sync';
      pair.master = await pair.fleet.add({
        ...pair.#side('master', server, more),
        role: sync ? 'SYNC_MASTER' : 'ASYNC_MASTER',
        conf: { ...(sync ? { inSyncReplicas: 2 } : {}), ...more.masterConf },
      });
      pair.slave = await pair.fleet.add({
        ...pair.#side('slave', more.slaveServer ?? server, more),
        ...{ brokerId: 1, conf: more.slaveConf, storeDir: more.slaveStoreDir },
      });
      await pair.master.start();
      if (!more.slaveLater) {
        await pair.slave.start();
        await pair.inStep();
      }
    } catch (error) {
      await pair.end();
      throw error;
    }
    return pair;
  }

  #side(side, kind, { apacheVersion }) {
    const { network } = this;
    return {
      name: side,
      kind,
      apacheVersion,
      host: network?.hosts[side],
      within: network?.within(side),
    };
  }

  /** Sends begin; several times in one run is fine. @param {{ paceMs?: number }} [options] */
  send({ paceMs = PACE_MS } = {}) {
    this.driver.produce(addressOf(this.master), { run: `r${++this.#sends}`, paceMs });
  }

  /** Both serve, and the slave has what the master had when this was asked. @returns {Promise<number>} ms it took */
  async inStep(limitMs = 60_000) {
    const startedMs = performance.now();
    await this.master.ready();
    await this.slave.ready();
    let wanted;
    const answers = async () => (wanted = await this.master.logEnd()) >= 0;
    await this.master.process.until(answers, { what: 'says what it has', limitMs });
    await this.slave.has(wanted, limitMs);
    return performance.now() - startedMs;
  }

  /** Reads all that a side has. */
  async drain(broker, reader) {
    await broker.knowsTopic(TOPIC);
    this.driver.drain(addressOf(broker), reader);
  }

  async end() {
    this.driver?.kill();
    this.network?.heal();
    await this.fleet.end();
    this.network?.close();
  }
}

/** `host:port` of a broker. */
export const addressOf = ({ host, port }) => `${host}:${port}`;
