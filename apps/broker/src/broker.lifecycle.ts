import {
  brokerAddresses,
  BrokerGround,
  type BrokerService,
  type BrokerSurroundings,
  ConsumerOffsetSaver,
  DelayOffsetSaver,
  DelayScheduler,
  MasterPart,
  OrderInfoSaver,
  POP_STOP_MS,
  PopCapability,
  QueueLockSaver,
  QUICK_STOP_MS,
  TIMER_STOP_MS,
  TimerService,
  TransactionCountsSaver,
  Transactions,
} from '@rocketmq-ts/broker';
import { StoreConfig } from '@rocketmq-ts/config';
import type { LifecyclePart } from '@rocketmq-ts/kernel';
import { brokerMetrics } from './broker.metrics.js';
import { BrokerModule } from './broker.module.js';

/**
 * The parts of a broker in the order in which they start; they stop in reverse: the nameservers forget the broker, held
 * pulls are answered, the ports are drained, progress is saved, and at last the store is closed.
 */
export async function brokerParts(surroundings: BrokerSurroundings): Promise<BrokerService> {
  const { config, seams } = surroundings;
  const ground = new BrokerGround(surroundings, await brokerAddresses(config, seams.network));
  const { http, readiness } = ground;
  const master = new MasterPart(ground, () => endWork(ground));
  return {
    running: () => ground.running,
    metrics: () => ground.shownMetrics,
    http,
    readiness,
    parts: [
      ...(http ? [http] : []),
      master.epochPart(),
      ground.storePart(),
      ground.capabilitiesPart({
        module: (context) => BrokerModule.around(context),
        metrics: (running) => brokerMetrics(running, master.replication, config, seams.clock),
        replication: () => master.replication,
      }),
      master.slavesPart(),
      ground.progressPart([
        ConsumerOffsetSaver,
        DelayOffsetSaver,
        QueueLockSaver,
        TransactionCountsSaver,
      ]),
      transactionPart(ground),
      popPart(ground),
      ground.transportPart(() => ground.get(PopCapability).stopHolding()),
      timerPart(ground),
      deliveryPart(ground),
      ground.registrationPart(),
      master.watchPart(),
    ],
    onReady: () => {
      readiness.started();
      ground.sayReady();
    },
    onStopping: () => readiness.stopping(),
  };
}

/** Ends what writes messages by itself. */
function endWork(ground: BrokerGround): void {
  ground.get(DelayScheduler).stop();
  ground.surroundings.config.get(StoreConfig).timerStopDequeue = true;
}

/** Reads which transactions are open before producers come; notes what was decided after they have gone. */
const transactionPart = (ground: BrokerGround): LifecyclePart => ({
  name: 'transactions',
  stopDeadlineMs: QUICK_STOP_MS,
  start: () => ground.get(Transactions).start(),
  stop: () => ground.get(Transactions).stop(),
});

/** What pops have given out. At the end it goes to the revive log, so that offsets may pass it. */
const popPart = (ground: BrokerGround): LifecyclePart => ({
  name: 'pop',
  stopDeadlineMs: POP_STOP_MS,
  start: () => {
    ground.get(PopCapability).start();
    ground.get(OrderInfoSaver).start();
  },
  stop: async () => {
    await ground.get(PopCapability).stop();
    await ground.get(OrderInfoSaver).stop();
  },
});

/** Delivers messages whose time has come. */
const timerPart = (ground: BrokerGround): LifecyclePart => ({
  name: 'timer',
  stopDeadlineMs: TIMER_STOP_MS,
  start: () => ground.get(TimerService).start(),
  stop: () => ground.get(TimerService).stop(),
});

/** Delivers delayed messages. */
const deliveryPart = (ground: BrokerGround): LifecyclePart => ({
  name: 'delivery',
  stopDeadlineMs: QUICK_STOP_MS,
  start: () => ground.get(DelayScheduler).start(),
  stop: () => ground.get(DelayScheduler).stop(),
});
