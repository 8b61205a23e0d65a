// Views of the configuration for the parts of pop consumption: what is changed while the broker runs counts from the next
// pop on, what stands here as a plain value from the next start on.
import type { BrokerConfig, PopConfig } from '@rocketmq-ts/config';
import type { CheckpointBuffer } from './checkpoint-buffer.js';
import type { PeekFrameHandler } from './peek-frame.handler.js';
import type { NotificationSettings } from './notification.handler.js';
import type { PopFrameHandler } from './pop-frame.handler.js';
import type { QueuePopper } from './queue-popper.js';

/** What the settings of a part have to be. */
type SettingsOf<C extends new (parts: never) => unknown> = C extends new (
  parts: infer P extends { readonly settings: unknown },
) => unknown
  ? P['settings']
  : never;

/** Held pops of one connection: a proxy has one for each queue of each group it serves. */
const HELD_PER_CONNECTION_MAX = 20_000;

export const bufferSettings = (pop: PopConfig): SettingsOf<typeof CheckpointBuffer> => ({
  get merge() {
    return pop.popBufferMerge;
  },
  get stayMs() {
    return pop.popCheckpointStayMs;
  },
  get countMax() {
    return pop.popCheckpointCountMax;
  },
});

export const popperSettings = (
  broker: BrokerConfig,
  pop: PopConfig,
): SettingsOf<typeof QueuePopper> => ({
  maxBytes: broker.pullInMemoryBytesMax,
  get checkpointsPerQueueMax() {
    return pop.popCheckpointsPerQueueMax;
  },
  get inFlightCountMax() {
    return pop.popInFlightLimit ? pop.popInFlightCountMax : undefined;
  },
});

export const popSettings = (
  broker: BrokerConfig,
  pop: PopConfig,
): SettingsOf<typeof PopFrameHandler> & NotificationSettings => ({
  heldCountPerConnectionMax: HELD_PER_CONNECTION_MAX,
  get heldCountMax() {
    return pop.heldPopCountMax;
  },
  get heldCountPerPlaceMax() {
    return pop.heldPopsPerQueueMax;
  },
  reviveQueueCount: pop.reviveQueueCount,
  get retryTopicV2() {
    return pop.popRetryTopicV2;
  },
  get readsRetryTopicV1() {
    return pop.popReadsRetryTopicV1;
  },
  get retryPercent() {
    return pop.popRetryPercent;
  },
  holdMaxMs: broker.holdMsMax,
  get filters() {
    return pop.notificationFilter;
  },
  get filteredCountMax() {
    return pop.notificationFilterCountMax;
  },
});

export const peekSettings = (
  broker: BrokerConfig,
  pop: PopConfig,
): SettingsOf<typeof PeekFrameHandler> => ({
  maxBytes: broker.pullInMemoryBytesMax,
  get retryTopicV2() {
    return pop.popRetryTopicV2;
  },
});
