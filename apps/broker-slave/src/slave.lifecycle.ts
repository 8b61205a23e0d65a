import {
  brokerAddresses,
  BrokerGround,
  type BrokerService,
  type BrokerSurroundings,
  ConsumerOffsetSaver,
  DelayOffsetSaver,
  OwnCommitSaver,
  SlavePart,
  type SlaveReplication,
  type SlaveSuccession,
} from '@rocketmq-ts/broker';
import { slaveMetrics } from './slave.metrics.js';
import { SlaveModule } from './slave.module.js';

/** A slave that can be started and stopped. */
export interface SlaveService extends BrokerService {
  /** @throws Error before the start. */
  replication(): SlaveReplication;
}

/**
 * The parts of a slave in the order in which they start; they stop in reverse: copying ends, the nameservers forget it, held
 * pulls are answered, the ports are drained, progress is saved, and at last the store is closed.
 */
export async function slaveParts(
  surroundings: BrokerSurroundings & SlaveSuccession,
): Promise<SlaveService> {
  const { config, seams } = surroundings;
  const ground = new BrokerGround(surroundings, await brokerAddresses(config, seams.network));
  const { http, readiness } = ground;
  const slave = new SlavePart(ground, surroundings);
  return {
    running: () => ground.running,
    metrics: () => ground.shownMetrics,
    replication: () => slave.replication,
    http,
    readiness,
    parts: [
      ...(http ? [http] : []),
      slave.repairPart(),
      ground.storePart(),
      ground.capabilitiesPart({
        module: (context) => SlaveModule.around(context),
        metrics: (running) => slaveMetrics(running, slave.replication, config, seams.clock),
        replication: () => slave.replication,
      }),
      ground.progressPart([ConsumerOffsetSaver, DelayOffsetSaver, OwnCommitSaver]),
      ground.transportPart(),
      ground.registrationPart(),
      slave.tablesPart(),
      slave.copyingPart(),
    ],
    onReady: () => {
      readiness.started();
      ground.sayReady({ role: 'SLAVE', brokerId: ground.addresses.identity.brokerId });
    },
    onStopping: () => readiness.stopping(),
  };
}
