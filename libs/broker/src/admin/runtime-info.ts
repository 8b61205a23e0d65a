import type { BrokerConfig } from '@rocketmq-ts/config';
import type { Clock, DiskSpace } from '@rocketmq-ts/kernel';
import type { RemotingServer } from '@rocketmq-ts/remoting';
import type { BrokerStore } from '../broker-context.js';
import { queueIdOfLevel } from '../delay/delay-levels.js';
import type { DelayOffsets } from '../delay/delay-offsets.js';
import type { PullFrameHandler } from '../pull/pull-frame.handler.js';
import { PROCESS_MARK_KEY } from '../registration/process-mark.js';
import type { ProcessMark } from '../registration/process-mark.js';
import type { BrokerStats } from '../stats/broker-stats.js';
import { SAMPLE_INTERVAL_MS } from '../stats/rate-window.js';
import type { TimerService } from '../timer/timer-service.js';
import { SCHEDULE_TOPIC } from '../topic/topic-name.js';
import { byteCountText } from './byte-count-text.js';

/** What `RuntimeInfo` reads. */
export interface RuntimeInfoParts {
  readonly clock: Clock;
  readonly config: BrokerConfig;
  readonly store: BrokerStore;
  readonly server: RemotingServer;
  readonly stats: BrokerStats;
  readonly delays: DelayOffsets;
  readonly pulls: PullFrameHandler;
  readonly mark: ProcessMark;
  readonly timer: TimerService;
  readonly logFolder: LogFolder;
}

/** Where the commit log lies, and how much room there is. */
export interface LogFolder {
  readonly path: string;
  space(): Promise<DiskSpace>;
}

/** Release that is shown; tools look at its beginning alone. Source: rocketmq 5.5.0 `MQVersion#getVersionDesc`. */
const VERSION_TEXT = 'V5_5_0';
/** Buffers left in a pool that is not used. Source: rocketmq 5.5.0 `DefaultMessageStore#remainTransientStoreBufferNumbs`. */
const NO_POOL = 2_147_483_647;

/**
 * The figures that `mqadmin clusterList` and `brokerStatus` show, under Apache's names. Thread pools do not exist here:
 * their queues are empty.
 * Source: rocketmq 5.5.0 `AdminBrokerProcessor#prepareRuntimeInfo`, `StoreStatsService#getRuntimeInfo`.
 */
export class RuntimeInfo {
  constructor(private readonly parts: RuntimeInfoParts) {}

  async table(): Promise<Map<string, string>> {
    const table = new Map<string, string>();
    const put = (key: string, value: string | number | boolean): void => {
      table.set(key, String(value));
    };
    this.putBroker(put);
    this.putTotals(put);
    this.putStore(put);
    this.putPools(put);
    this.putDelays(put);
    this.putTimer(put);
    await this.putDisk(put);
    put('earliestMessageTimeStamp', (await this.parts.store.earliestStoreTime()) ?? -1);
    return table;
  }

  private putBroker(put: Put): void {
    const { mark, server, clock, stats } = this.parts;
    put('brokerActive', true);
    put('brokerVersionDesc', VERSION_TEXT);
    put('bootTimestamp', stats.bootTimestampMs);
    put('runtime', runtimeText(clock.nowMs() - stats.bootTimestampMs));
    put('startAcceptSendRequestTimeStamp', 0);
    put('connectionCount', server.connections.size);
    put(PROCESS_MARK_KEY, mark.text);
  }

  private putTotals(put: Put): void {
    const { stats } = this.parts;
    const { yesterday, today, now } = stats.days();
    put('msgPutTotalYesterdayMorning', yesterday.messagesIn);
    put('msgPutTotalTodayMorning', today.messagesIn);
    put('msgPutTotalTodayNow', now.messagesIn);
    put('msgGetTotalYesterdayMorning', yesterday.messagesOut);
    put('msgGetTotalTodayMorning', today.messagesOut);
    put('msgGetTotalTodayNow', now.messagesOut);
    put('putMessageTimesTotal', stats.messagesIn);
    put('putMessageEntireTimeMax', stats.sendTimes.maxMs);
    put('putMessageDistributeTime', stats.sendTimes.text());
    put('putLatency99', stats.sendTimes.quantileMs(0.99).toFixed(2));
    put('putLatency999', stats.sendTimes.quantileMs(0.999).toFixed(2));
    put('getMessageEntireTimeMax', stats.getLatencyMsMax);
    put('putMessageFailedTimes', stats.sendFailures);
    put('putMessageSizeTotal', stats.bytesIn);
    put('putMessageAverageSize', stats.messagesIn === 0 ? 0 : stats.bytesIn / stats.messagesIn);
    put('putTps', stats.putRate.text());
    put('getTransferredTps', stats.getRate.text());
    put('getFoundTps', stats.foundRate.text());
    put('getMissTps', stats.missRate.text());
    put('getTotalTps', sumText(stats.foundRate.text(), stats.missRate.text()));
  }

  private putStore(put: Put): void {
    const { store } = this.parts;
    put('commitLogMinOffset', store.commitLogMinOffset);
    put('commitLogMaxOffset', store.commitLogMaxOffset);
    put('dispatchBehindBytes', store.dispatchBehindBytes);
    for (const key of ['commitLogDiskRatio', 'consumeQueueDiskRatio'])
      put(key, store.diskUsedRatio);
    put('remainHowManyDataToFlush', byteCountText(store.stats.unflushedBytes));
    put('remainTransientStoreBufferNumbs', NO_POOL);
    put('pageCacheLockTimeMills', 0);
    put('dispatchMaxBuffer', 0);
  }

  private putPools(put: Put): void {
    const { config, pulls, server } = this.parts;
    for (const pool of ['send', 'pull', 'litePull', 'query', 'ack']) {
      put(`${pool}ThreadPoolQueueSize`, 0);
      put(`${pool}ThreadPoolQueueHeadWaitTimeMills`, 0);
      put(`${pool}ThreadPoolQueueCapacity`, config.heldPullCountMax);
    }
    put('EndTransactionQueueSize', 0);
    put('EndTransactionThreadPoolQueueCapacity', 0);
    put('heldPullCount', pulls.heldCount);
    put('inFlightRequestCount', server.stats.inFlightNow);
  }

  /** `timerReadBehind` counts seconds, `timerOffsetBehind` messages. */
  private putTimer(put: Put): void {
    const { running, figures } = this.parts.timer;
    put('timerReadBehind', Math.floor((running?.scheduler.dequeueBehindMs ?? 0) / 1_000));
    put('timerOffsetBehind', running?.scheduler.enqueueBehindCount ?? 0);
    put('timerCongestNum', 0);
    put('timerEnqueueTps', figures.enqueueRate.perSecond(SAMPLE_INTERVAL_MS).toFixed(1));
    put('timerDequeueTps', figures.deliveryRate.perSecond(SAMPLE_INTERVAL_MS).toFixed(1));
  }

  private async putDisk(put: Put): Promise<void> {
    const { logFolder, store } = this.parts;
    const { totalBytes, freeBytes } = await logFolder.space();
    put(
      'commitLogDirCapacity',
      `Total : ${byteCountText(totalBytes)}, Free : ${byteCountText(freeBytes)}.`,
    );
    put(`commitLogDiskRatio_${logFolder.path}`, store.diskUsedRatio);
  }

  private putDelays(put: Put): void {
    const { delays, store } = this.parts;
    for (const [level, queueOffset] of delays.content().offsetTable) {
      const queue = store.findQueue(SCHEDULE_TOPIC, queueIdOfLevel(level));
      put(`scheduleMessageOffset_${level}`, `${queueOffset},${queue?.maxOffset ?? 0}`);
    }
  }
}

type Put = (key: string, value: string | number | boolean) => void;

/** Source: rocketmq 5.x `StoreStatsService#getFormatRuntime`. */
function runtimeText(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  return `[ ${days} days, ${hours} hours, ${minutes} minutes, ${seconds % 60} seconds ]`;
}

/** Adds rates that are written as three numbers, one by one. */
const sumText = (left: string, right: string): string => {
  const others = right.split(' ').map(Number);
  return left
    .split(' ')
    .map((rate, i) => Number(rate) + (others[i] ?? 0))
    .join(' ');
};
