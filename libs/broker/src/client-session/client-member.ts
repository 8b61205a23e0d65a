import type { SubscriptionVariant } from './subscription-variant.js';

/** What the session tables need of a connection to a client. */
export interface ClientConnection {
  readonly id: number;
  /** `host:port` of the peer. */
  readonly remoteHostPort: string;
  readonly closed: boolean;
}

/** One client, as it presented itself in a group. */
export interface ClientMember<C extends ClientConnection> {
  readonly connection: C;
  clientId: string;
  /** Number of the client's language, see `LanguageCode`. */
  languageCode: number;
  /** Its release, see `PeerVersion`. */
  version: number;
  /** Monotonic ms of its last heartbeat. */
  lastSeenMs: number;
  /** Wall-clock ms of its last heartbeat, for people. */
  lastUpdateTimestampMs: number;
  /** What it subscribes to, in a consumer group; undefined before it has said so. */
  variant?: SubscriptionVariant | undefined;
}

/** How a client presents itself in a heartbeat. */
export interface ClientIntroduction<C extends ClientConnection> {
  readonly connection: C;
  readonly clientId: string;
  readonly languageCode: number;
  readonly version: number;
}

/** A client that sends no heartbeat for this long is taken for gone. Source: rocketmq 5.x `channelExpiredTimeout`. */
export const CLIENT_EXPIRED_MS = 120_000;
