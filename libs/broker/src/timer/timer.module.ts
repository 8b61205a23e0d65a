import { Module } from '@nestjs/common';
import { StoreConfig } from '@rocketmq-ts/config';
import type { Clock, Disk, Logger, Random } from '@rocketmq-ts/kernel';
import { TimerMetricsWrapper } from '@rocketmq-ts/protocol';
import { TimerStore } from '@rocketmq-ts/storage';
import { Arrivals } from '../arrivals.js';
import { CLOCK, DISK, LOGGER, RANDOM, STORE } from '../broker-context.js';
import type { BrokerStore } from '../broker-context.js';
import { ConfigFolder } from '../metadata/config-folder.js';
import { configText } from '../metadata/metadata-file.js';
import { REPLICATION } from '../replication/replication-side.js';
import type { ReplicationSide } from '../replication/replication-side.js';
import { TopicModule } from '../topic/topic.module.js';
import { TopicTable } from '../topic/topic-table.js';
import { RecallController } from './recall.controller.js';
import { TimerAdminController } from './timer-admin.controller.js';
import { TimerFigures } from './timer-figures.js';
import { TimerPlacement } from './timer-placement.js';
import { precisionOf, rollSlotsWithin, rollWindowSlotsOf } from './timer-rules.js';
import { TimerScheduler } from './timer-scheduler.js';
import { TimerService } from './timer-service.js';
import type { RunningTimer } from './timer-service.js';

const SAVE_FIGURES_INTERVAL_MS = 10_000;
const UINT32 = 2 ** 32;

async function openTimer(
  seams: { readonly clock: Clock; readonly disk: Disk; readonly logger: Logger },
  store: BrokerStore,
  config: StoreConfig,
  figures: TimerFigures,
  topics: TopicTable,
  arrivals: Arrivals,
  { role }: ReplicationSide,
): Promise<RunningTimer | undefined> {
  // A slave keeps the checkpoint of its master's timer; a timer of its own begins when it becomes master.
  if (!config.timerWheelEnable || role === 'SLAVE') return undefined;
  const precisionMs = precisionOf(config.timerPrecisionMs);
  const windowSlots = rollWindowSlotsOf(config.timerRollWindowSlots);
  const timers = await TimerStore.open(seams, {
    rootPath: config.storePathRootDir,
    precisionMs,
    rollWindowMs: windowSlots * precisionMs,
    logFileBytes: config.timerLogFileBytes,
    commitLog: store,
  });
  const settings = {
    rollWindowSlots: rollSlotsWithin(windowSlots, precisionMs, config.fileReservedMs),
    flushIntervalMs: config.timerFlushIntervalMs,
    stopEnqueue: () => config.timerStopEnqueue,
    stopDequeue: () => config.timerStopDequeue,
  };
  const names = (): string[] => topics.configs().map(({ topicName }) => topicName);
  const { clock, logger } = seams;
  const scheduler = new TimerScheduler(
    { clock, logger, store, timers, figures, settings, topics: names },
    arrivals,
  );
  store.keepNeeded(() => scheduler.neededFromOffset());
  return { timers, scheduler };
}

/** Messages that name the time of their delivery. */
@Module({
  imports: [TopicModule],
  controllers: [RecallController, TimerAdminController],
  providers: [
    {
      provide: TimerFigures,
      inject: [CLOCK, ConfigFolder],
      useFactory: async (clock: Clock, folder: ConfigFolder): Promise<TimerFigures> => {
        const figures = new TimerFigures(clock);
        // Counts alone: a file that cannot be read is replaced by counting.
        figures.restore(await folder.timerMetrics.load().catch(() => undefined));
        return figures;
      },
    },
    {
      provide: TimerService,
      inject: [
        CLOCK,
        DISK,
        LOGGER,
        STORE,
        StoreConfig,
        ConfigFolder,
        TimerFigures,
        TopicTable,
        Arrivals,
        REPLICATION,
      ],
      useFactory: async (
        clock: Clock,
        disk: Disk,
        logger: Logger,
        store: BrokerStore,
        config: StoreConfig,
        { timerMetrics: file }: ConfigFolder,
        figures: TimerFigures,
        topics: TopicTable,
        arrivals: Arrivals,
        side: ReplicationSide,
      ): Promise<TimerService> => {
        const seams = { clock, disk, logger };
        return new TimerService({
          clock,
          logger,
          figures,
          saveFigures: () => file.save(() => configText(TimerMetricsWrapper, figures.content())),
          saveIntervalMs: SAVE_FIGURES_INTERVAL_MS,
          running: await openTimer(seams, store, config, figures, topics, arrivals, side),
        });
      },
    },
    {
      provide: TimerPlacement,
      inject: [CLOCK, RANDOM, StoreConfig, TimerService],
      useFactory: (
        clock: Clock,
        random: Random,
        config: StoreConfig,
        service: TimerService,
      ): TimerPlacement =>
        new TimerPlacement({
          timers: service.running?.timers,
          nowMs: () => clock.nowMs(),
          chance: () => random.uint32() / UINT32,
          delayMaxMs: () => config.timerMaxDelaySec * 1_000,
          slotMessageMax: () => config.timerSlotMessageMax,
        }),
    },
  ],
  exports: [TimerFigures, TimerPlacement, TimerService],
})
export class TimerModule {}
