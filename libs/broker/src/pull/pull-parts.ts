import type { Clock } from '@rocketmq-ts/kernel';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { Arrivals } from '../arrivals.js';
import type { ConsumerGroups } from '../client-session/consumer-groups.js';
import type { SubscriptionFilters } from '../filter/subscription-filters.js';
import type { FlowControl } from '../flow-control/flow-control.js';
import type { BroadcastOffsets } from '../offset/broadcast-offsets.js';
import type { ConsumerOffsetTable } from '../offset/consumer-offset-table.js';
import type { BrokerStats } from '../stats/broker-stats.js';
import type { MessageSink, MessageSource } from '../store-access.js';
import type { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import type { TopicTable } from '../topic/topic-table.js';
import type { SuggestionFacts } from './suggested-broker.js';

/** The store's queue handles come from `queue`: a pull may wait for the first message of a queue. */
export type PullStore = MessageSource & Pick<MessageSink, 'queue'>;

/** Settings of the pull path; read anew for each pull. */
export interface PullSettings {
  readonly brokerPermission: number;
  readonly advertisedHost: string;
  readonly longPolling: boolean;
  readonly shortPollingMs: number;
  readonly holdMaxMs: number;
  readonly heldCountMax: number;
  readonly heldCountPerConnectionMax: number;
  readonly maxCount: number;
  readonly maxBytes: number;
  readonly retryFilter: boolean;
}

/** What the pull path works with. */
export interface PullParts {
  readonly clock: Clock;
  readonly store: PullStore;
  readonly arrivals: Arrivals;
  readonly topics: TopicTable;
  readonly groups: SubscriptionGroupTable;
  readonly consumers: ConsumerGroups<ServerConnection>;
  readonly filters: SubscriptionFilters;
  readonly offsets: ConsumerOffsetTable;
  readonly broadcasts: BroadcastOffsets;
  readonly stats: BrokerStats;
  readonly flow: FlowControl<ServerConnection>;
  readonly settings: PullSettings;
  /** Read anew for each pull. */
  readonly suggestion: SuggestionFacts;
  readonly corrections: OffsetCorrections;
}

/** Whether pulls outside of a queue are told where to go on. */
export interface OffsetCorrections {
  /** False on a slave: its master may have what it does not have, or not yet. */
  readonly made: boolean;
  /** On a slave: whether the master is there to be asked instead. */
  readonly masterIsThere: boolean;
}
