import type { Clock } from '@rocketmq-ts/kernel';
import { CLIENT_EXPIRED_MS } from './client-member.js';
import type { ClientConnection, ClientIntroduction, ClientMember } from './client-member.js';

/**
 * Who produces in which producer group. Used to show it, and to ask a producer about a transaction.
 * Source: rocketmq 5.x `ProducerManager`.
 */
export class ProducerGroups<C extends ClientConnection> {
  private readonly byGroup = new Map<string, Map<C, ClientMember<C>>>();
  private readonly groupsOf = new Map<C, Set<string>>();
  /** The connection on which a client was heard last: replies go there. */
  private readonly byClientId = new Map<string, C>();

  constructor(
    private readonly clock: Clock,
    private readonly limits: { groupCountMax: number; groupsPerConnectionMax: number },
    private readonly expiryMs = CLIENT_EXPIRED_MS,
  ) {}

  /** A heartbeat. @returns false where a limit is reached and the client was not taken in. */
  register(group: string, client: ClientIntroduction<C>): boolean {
    let members = this.byGroup.get(group);
    let member = members?.get(client.connection);
    if (!member) {
      const groups = this.groupsOf.get(client.connection);
      if ((groups?.size ?? 0) >= this.limits.groupsPerConnectionMax) return false;
      if (!members && this.byGroup.size >= this.limits.groupCountMax) return false;
      member = { ...client, lastSeenMs: 0, lastUpdateTimestampMs: 0 };
      if (!members) this.byGroup.set(group, (members = new Map<C, ClientMember<C>>()));
      members.set(client.connection, member);
      if (groups) groups.add(group);
      else this.groupsOf.set(client.connection, new Set([group]));
    }
    if (member.clientId !== client.clientId) this.forgetClient(member);
    member.clientId = client.clientId;
    this.byClientId.set(client.clientId, client.connection);
    member.lastSeenMs = this.clock.monotonicMs();
    member.lastUpdateTimestampMs = this.clock.nowMs();
    return true;
  }

  /** The client says goodbye to a group. */
  unregister(group: string, connection: C): void {
    const members = this.byGroup.get(group);
    const member = members?.get(connection);
    if (!members || !member) return;
    members.delete(connection);
    if (members.size === 0) this.byGroup.delete(group);
    const groups = this.groupsOf.get(connection);
    groups?.delete(group);
    if (groups?.size !== 0) return;
    this.groupsOf.delete(connection);
    this.forgetClient(member);
  }

  /** The connection is gone. */
  drop(connection: C): void {
    for (const group of [...(this.groupsOf.get(connection) ?? [])]) {
      this.unregister(group, connection);
    }
  }

  /** Drops members that have been silent for too long. @returns their connections. */
  expire(): C[] {
    const oldestMs = this.clock.monotonicMs() - this.expiryMs;
    const expired = new Set<C>();
    for (const [group, members] of this.byGroup) {
      for (const member of [...members.values()]) {
        if (member.lastSeenMs >= oldestMs) continue;
        expired.add(member.connection);
        this.unregister(group, member.connection);
      }
    }
    return [...expired];
  }

  /** The connection of a client that produces in some group. Source: rocketmq 5.5.0 `ProducerManager#findChannel`. */
  connectionOf(clientId: string): C | undefined {
    return this.byClientId.get(clientId);
  }

  /** Members of a group; empty where there is no such group. */
  members(group: string): ClientMember<C>[] {
    return [...(this.byGroup.get(group)?.values() ?? [])];
  }

  groups(): string[] {
    return [...this.byGroup.keys()];
  }

  /** A client that came back over another connection stays known. */
  private forgetClient({ clientId, connection }: ClientMember<C>): void {
    if (this.byClientId.get(clientId) === connection) this.byClientId.delete(clientId);
  }
}
