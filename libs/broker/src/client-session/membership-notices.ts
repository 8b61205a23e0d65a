import type { Clock } from '@rocketmq-ts/kernel';
import { NotifyConsumerIdsChanged } from '@rocketmq-ts/protocol';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import type { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import type { ConsumerGroup, ConsumerGroups } from './consumer-groups.js';

/** Pause between two notices to the same group: ten thousand consumers that start must not cause their square. */
const PAUSE_MS = 200;

/**
 * Tells the members of a group that somebody came, went or subscribed to something else, so that they share out the
 * queues at once. The first change is told at the end of the turn, those that follow within the pause together.
 * Source: rocketmq 5.5.0 `DefaultConsumerIdsChangeListener`, `Broker2Client#notifyConsumerIdsChanged`.
 */
export class MembershipNotices {
  /** Groups that wait for their pause to end; true: something changed since. */
  private readonly pausing = new Map<string, boolean>();

  constructor(
    private readonly clock: Clock,
    private readonly consumers: ConsumerGroups<ServerConnection>,
    private readonly groups: SubscriptionGroupTable,
    private readonly enabled: () => boolean,
  ) {
    consumers.onChanged((group) => this.onChanged(group));
  }

  private onChanged(group: ConsumerGroup<ServerConnection>): void {
    // Broadcasting consumers read every queue anyway.
    if (group.messageModel === 'BROADCASTING' || !this.enabled()) return;
    if (this.pausing.has(group.group)) {
      this.pausing.set(group.group, true);
      return;
    }
    this.pausing.set(group.group, false);
    this.clock.afterTick(() => this.tell(group.group));
    this.clock.setTimer(PAUSE_MS, () => {
      const again = this.pausing.get(group.group) === true;
      this.pausing.delete(group.group);
      if (again) this.tell(group.group);
    });
  }

  private tell(consumerGroup: string): void {
    if (this.groups.find(consumerGroup)?.notifyConsumerIdsChangedEnable === false) return;
    for (const { connection } of this.consumers.find(consumerGroup)?.members.values() ?? []) {
      connection.oneWay(NotifyConsumerIdsChanged, { header: { consumerGroup }, body: null });
    }
  }
}
