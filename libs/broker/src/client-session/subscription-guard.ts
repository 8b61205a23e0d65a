import type { Clock, ClockTask, Logger } from '@rocketmq-ts/kernel';
import type { ClientConnection } from './client-member.js';
import type { ConsumerGroup, ConsumerGroups } from './consumer-groups.js';
import type { SubscriptionVariant } from './subscription-variant.js';

/** How often groups that still disagree are named again, and how many of them. */
const REMINDER_INTERVAL_MS = 300_000;
const NAMED_COUNT_MAX = 20;
/** What a log line says of one variant at most. */
const SHOWN_CLIENT_COUNT = 5;
const SHOWN_TEXT_LENGTH = 300;

/** Members of a group that subscribe to the same. */
export interface AgreeingMembers {
  readonly clientIds: string[];
  /** How they consume, then one line per subscription. */
  readonly subscriptions: string[];
}

/**
 * Watches that all members of a group subscribe to the same. Where they do not, a message may go to a member that does
 * not want it and is then passed over for those who do: nothing fails, and messages are missing. So it is said loudly:
 * when it begins, again while it lasts, and when it ends.
 */
export class SubscriptionGuard<C extends ClientConnection = ClientConnection> {
  private readonly disagreeing = new Map<string, ConsumerGroup<C>>();
  private task: ClockTask | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
    consumers: ConsumerGroups<C>,
  ) {
    consumers.onVariantsChanged((group) => this.look(group));
  }

  start(): void {
    this.task ??= this.clock.setPeriodic(REMINDER_INTERVAL_MS, () => this.remind());
  }

  stop(): void {
    this.task?.cancel();
    this.task = undefined;
  }

  /** Groups whose members disagree, and into how many parties they fall. */
  *conflicts(): Iterable<{ readonly group: string; readonly variantCount: number }> {
    for (const { group, variants } of this.disagreeing.values()) {
      yield { group, variantCount: variants.size };
    }
  }

  get conflictCount(): number {
    return this.disagreeing.size;
  }

  /** Who subscribes to what, where the members of a group disagree; empty where they agree. */
  partiesOf(group: string): AgreeingMembers[] {
    const found = this.disagreeing.get(group);
    return found ? [...found.variants.values()].map((variant) => partyOf(found, variant)) : [];
  }

  private look(group: ConsumerGroup<C>): void {
    const known = this.disagreeing.has(group.group);
    if (group.variants.size > 1) {
      this.disagreeing.set(group.group, group);
      if (!known) this.say(group);
    } else if (known) {
      this.disagreeing.delete(group.group);
      this.logger.info('members of a consumer group agree again', { group: group.group });
    }
  }

  private remind(): void {
    let named = 0;
    for (const group of this.disagreeing.values()) {
      if (named++ >= NAMED_COUNT_MAX) break;
      this.say(group);
    }
    const more = this.disagreeing.size - NAMED_COUNT_MAX;
    if (more > 0)
      this.logger.warn('more consumer groups subscribe inconsistently', { groups: more });
  }

  private say(group: ConsumerGroup<C>): void {
    const [one, other] = [...group.variants.values()];
    this.logger.warn(
      'members of one consumer group subscribe to different things: messages will be missed',
      {
        group: group.group,
        parties: group.variants.size,
        one: shown(partyOf(group, one!)),
        other: shown(partyOf(group, other!)),
      },
    );
  }
}

function partyOf<C extends ClientConnection>(
  group: ConsumerGroup<C>,
  variant: SubscriptionVariant,
): AgreeingMembers {
  const members = [...group.members.values()].filter((member) => member.variant === variant);
  return {
    clientIds: members.map(({ clientId }) => clientId),
    subscriptions: variant.text.split('\n'),
  };
}

function shown({ clientIds, subscriptions }: AgreeingMembers): string {
  const more = clientIds.length - SHOWN_CLIENT_COUNT;
  const names =
    clientIds.slice(0, SHOWN_CLIENT_COUNT).join(', ') + (more > 0 ? ` and ${more} more` : '');
  return `${names}: ${subscriptions.join('; ')}`.slice(0, SHOWN_TEXT_LENGTH);
}
