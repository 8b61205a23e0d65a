import type { Clock } from '@rocketmq-ts/kernel';
import type {
  ConsumeFromWhere,
  ConsumeType,
  MessageModel,
  SubscriptionData,
} from '@rocketmq-ts/protocol';
import { CLIENT_EXPIRED_MS } from './client-member.js';
import type { ClientConnection, ClientIntroduction, ClientMember } from './client-member.js';
import { variantText } from './subscription-variant.js';
import type { SubscriptionVariant } from './subscription-variant.js';

/** How a consumer presents its group in a heartbeat. */
export interface GroupIntroduction {
  readonly group: string;
  readonly consumeType: ConsumeType;
  readonly messageModel: MessageModel;
  readonly consumeFromWhere: ConsumeFromWhere;
  /** Undefined: the heartbeat leaves the subscriptions as they are (heartbeat V2). */
  readonly subscriptions: readonly SubscriptionData[] | undefined;
}

/** A consumer group with somebody in it. */
export interface ConsumerGroup<C extends ClientConnection> {
  readonly group: string;
  consumeType: ConsumeType;
  messageModel: MessageModel;
  consumeFromWhere: ConsumeFromWhere;
  readonly members: Map<C, ClientMember<C>>;
  /** By topic. The newest subscription that any member sent counts for all. */
  readonly subscriptions: Map<string, SubscriptionData>;
  /** What members subscribe to, by its text: one entry while they agree. */
  readonly variants: Map<string, SubscriptionVariant>;
}

/** What a heartbeat changed. */
export type RegisterOutcome = 'unchanged' | 'changed' | 'too-many';

export interface ConsumerGroupLimits {
  readonly groupCountMax: number;
  readonly groupsPerConnectionMax: number;
  readonly subscriptionsPerGroupMax: number;
}

/** Called when the members or subscriptions of a group changed; the members are those after the change. */
export type MembershipListener<C extends ClientConnection> = (group: ConsumerGroup<C>) => void;

/**
 * Which clients consume in which groups, and what they subscribe to.
 *
 * Invariants:
 *  I1  a group is in the table exactly as long as it has a member;
 *  I2  `groupsOf(connection)` names exactly the groups the connection is a member of;
 *  I3  listeners hear of every change of members or of the set of subscribed topics, once, after it;
 *  I4  a group's variants are exactly those that its members have, each with their number.
 *
 * Source: rocketmq 5.x `ConsumerManager`, `ConsumerGroupInfo`.
 */
export class ConsumerGroups<C extends ClientConnection> {
  private readonly byGroup = new Map<string, ConsumerGroup<C>>();
  private readonly groupsOf = new Map<C, Set<string>>();
  private readonly listeners: MembershipListener<C>[] = [];
  private readonly variantListeners: MembershipListener<C>[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly limits: ConsumerGroupLimits,
    private readonly expiryMs = CLIENT_EXPIRED_MS,
  ) {}

  onChanged(listener: MembershipListener<C>): void {
    this.listeners.push(listener);
  }

  /** Calls back when members of a group begin or cease to subscribe to something else than others. */
  onVariantsChanged(listener: MembershipListener<C>): void {
    this.variantListeners.push(listener);
  }

  /** A heartbeat of one client for one group. */
  register(client: ClientIntroduction<C>, introduction: GroupIntroduction): RegisterOutcome {
    let group = this.byGroup.get(introduction.group);
    const joins = !group?.members.has(client.connection);
    if (joins && !this.hasRoomFor(group, client.connection)) return 'too-many';
    if ((introduction.subscriptions?.length ?? 0) > this.limits.subscriptionsPerGroupMax) {
      return 'too-many';
    }
    if (!group) {
      group = newGroup(introduction);
      this.byGroup.set(introduction.group, group);
    }
    group.consumeType = introduction.consumeType;
    group.messageModel = introduction.messageModel;
    group.consumeFromWhere = introduction.consumeFromWhere;
    if (joins) this.join(group, client);
    const member = group.members.get(client.connection)!;
    member.clientId = client.clientId;
    member.lastSeenMs = this.clock.monotonicMs();
    member.lastUpdateTimestampMs = this.clock.nowMs();

    const { subscriptions } = introduction;
    const resubscribed = subscriptions !== undefined && subscribe(group, subscriptions);
    if (subscriptions) this.vary(group, member, variantText({ ...introduction, subscriptions }));
    if (!joins && !resubscribed) return 'unchanged';
    this.announce(group);
    return 'changed';
  }

  /** The client says goodbye to a group. */
  unregister(groupName: string, connection: C): void {
    const group = this.byGroup.get(groupName);
    const member = group?.members.get(connection);
    if (!group || !member) return;
    group.members.delete(connection);
    this.vary(group, member, undefined);
    const groups = this.groupsOf.get(connection);
    groups?.delete(groupName);
    if (groups?.size === 0) this.groupsOf.delete(connection);
    if (group.members.size === 0) this.byGroup.delete(groupName);
    this.announce(group);
  }

  /** The connection is gone. */
  drop(connection: C): void {
    for (const group of [...(this.groupsOf.get(connection) ?? [])]) {
      this.unregister(group, connection);
    }
  }

  /** The groups that a connection is in, and what its client calls itself there. */
  membershipsOf(connection: C): { readonly group: string; readonly clientId: string }[] {
    return [...(this.groupsOf.get(connection) ?? [])].map((group) => ({
      group,
      clientId: this.byGroup.get(group)?.members.get(connection)?.clientId ?? '',
    }));
  }

  /** Drops members that have been silent for too long. @returns their connections. */
  expire(): C[] {
    const oldestMs = this.clock.monotonicMs() - this.expiryMs;
    const expired = new Set<C>();
    for (const group of [...this.byGroup.values()]) {
      for (const member of [...group.members.values()]) {
        if (member.lastSeenMs >= oldestMs) continue;
        expired.add(member.connection);
        this.unregister(group.group, member.connection);
      }
    }
    return [...expired];
  }

  find(group: string): ConsumerGroup<C> | undefined {
    return this.byGroup.get(group);
  }

  /** The member of a group that calls itself `clientId`; undefined where it is not online. */
  findMember(group: string, clientId: string): ClientMember<C> | undefined {
    for (const member of this.byGroup.get(group)?.members.values() ?? []) {
      if (member.clientId === clientId) return member;
    }
    return undefined;
  }

  all(): ConsumerGroup<C>[] {
    return [...this.byGroup.values()];
  }

  /** Client ids of a group, in order of arrival; empty where there is no such group. */
  clientIds(group: string): string[] {
    return [...(this.byGroup.get(group)?.members.values() ?? [])].map((member) => member.clientId);
  }

  /** Groups with a member that subscribes to `topic`. */
  groupsSubscribedTo(topic: string): string[] {
    return this.all()
      .filter((group) => group.subscriptions.has(topic))
      .map((group) => group.group);
  }

  private hasRoomFor(group: ConsumerGroup<C> | undefined, connection: C): boolean {
    if (!group && this.byGroup.size >= this.limits.groupCountMax) return false;
    return (this.groupsOf.get(connection)?.size ?? 0) < this.limits.groupsPerConnectionMax;
  }

  private join(group: ConsumerGroup<C>, client: ClientIntroduction<C>): void {
    group.members.set(client.connection, { ...client, lastSeenMs: 0, lastUpdateTimestampMs: 0 });
    const groups = this.groupsOf.get(client.connection);
    if (groups) groups.add(group.group);
    else this.groupsOf.set(client.connection, new Set([group.group]));
  }

  /** The member subscribes to this now; undefined: it has gone. */
  private vary(group: ConsumerGroup<C>, member: ClientMember<C>, text: string | undefined): void {
    const { variant: before } = member;
    if (before?.text === text) return;
    const countBefore = group.variants.size;
    let after = text === undefined ? undefined : group.variants.get(text);
    let changed = text !== undefined && !after;
    if (text !== undefined) {
      after ??= { text, memberCount: 0 };
      after.memberCount++;
      group.variants.set(text, after);
    }
    member.variant = after;
    if (before && --before.memberCount === 0) {
      group.variants.delete(before.text);
      changed = true;
    }
    // While there is one variant before and after, nobody disagrees with anybody.
    if (!changed || (countBefore <= 1 && group.variants.size <= 1)) return;
    for (const listener of this.variantListeners) listener(group);
  }

  private announce(group: ConsumerGroup<C>): void {
    for (const listener of this.listeners) listener(group);
  }
}

const newGroup = <C extends ClientConnection>(
  introduction: GroupIntroduction,
): ConsumerGroup<C> => ({
  group: introduction.group,
  consumeType: introduction.consumeType,
  messageModel: introduction.messageModel,
  consumeFromWhere: introduction.consumeFromWhere,
  members: new Map(),
  subscriptions: new Map(),
  variants: new Map(),
});

/**
 * Takes over what a member subscribes to. Only a topic that is new or gone counts as a change; a newer expression for a
 * known topic is taken silently, as Apache does.
 * Source: rocketmq 5.x `ConsumerGroupInfo#updateSubscription`.
 */
function subscribe<C extends ClientConnection>(
  group: ConsumerGroup<C>,
  subscriptions: readonly SubscriptionData[],
): boolean {
  let changed = false;
  const topics = new Set<string>();
  for (const subscription of subscriptions) {
    topics.add(subscription.topic);
    const old = group.subscriptions.get(subscription.topic);
    if (!old) changed = true;
    if (!old || subscription.subVersion > old.subVersion) {
      group.subscriptions.set(subscription.topic, subscription);
    }
  }
  for (const topic of group.subscriptions.keys()) {
    if (topics.has(topic)) continue;
    group.subscriptions.delete(topic);
    changed = true;
  }
  return changed;
}
