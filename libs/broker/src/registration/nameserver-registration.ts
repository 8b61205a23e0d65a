import { Perm, encodeRegisterBody } from '@rocketmq-ts/protocol';
import type { KvTable, TopicConfig } from '@rocketmq-ts/protocol';
import type { RemotingClient } from '@rocketmq-ts/remoting';
import type { TopicTable } from '../topic/topic-table.js';
import { NameserverLink } from './nameserver-link.js';
import type { NameserverLinkParts } from './nameserver-link.js';

export interface RegistrationParts extends Omit<NameserverLinkParts, 'body' | 'onOrderTopics'> {
  readonly topics: TopicTable;
  readonly brokerPermission: () => number;
}

/**
 * Tells every nameserver of this broker and its topics.
 * Source: rocketmq 5.5.0 `BrokerController#registerBrokerAll`, `BrokerOuterAPI#registerBrokerAll`.
 */
export class NameserverRegistration {
  private readonly links: readonly NameserverLink[];
  private started = false;
  private lastBody: { readonly key: string; readonly bytes: Buffer } | undefined;

  constructor(
    addresses: readonly string[],
    client: RemotingClient,
    private readonly parts: RegistrationParts,
  ) {
    this.links = addresses.map(
      (address) =>
        new NameserverLink(address, {
          ...parts,
          body: () => this.body(),
          onOrderTopics: (table) => this.onOrderTopics(table),
        }),
    );
    parts.topics.onChanged(() => this.tellAll());
    client.onConnectionClosed((connection) => {
      for (const link of this.links) link.onConnectionClosed(connection);
    });
  }

  /** Resolves when each nameserver was tried once. */
  async start(): Promise<void> {
    this.started = true;
    await Promise.all(this.links.map((link) => link.start()));
  }

  async stop(): Promise<void> {
    this.started = false;
    await Promise.all(this.links.map((link) => link.stop()));
  }

  /** Something that the nameservers know has changed. Resolves when those that can be reached know it. */
  async tellAll(): Promise<void> {
    if (this.started) await Promise.all(this.links.map((link) => link.tell()));
  }

  /** How many nameservers there are, and how many know this broker. */
  get counts(): { readonly configured: number; readonly registered: number } {
    const registered = this.links.filter((link) => link.registered).length;
    return { configured: this.links.length, registered };
  }

  /** What the nameservers are told; the same bytes for all of them, and until something changes. */
  private body(): Buffer {
    const { topics, brokerPermission } = this.parts;
    const key = `${topics.dataVersion.counter} ${brokerPermission()}`;
    if (this.lastBody?.key !== key) this.lastBody = { key, bytes: this.makeBody() };
    return this.lastBody.bytes;
  }

  private makeBody(): Buffer {
    const { topics, brokerPermission, compressed } = this.parts;
    const permission = brokerPermission();
    const topicConfigTable = new Map<string, TopicConfig>();
    for (const config of topics.configs()) {
      topicConfigTable.set(config.topicName, restricted(config, permission));
    }
    const body = {
      filterServerList: [],
      topicConfigSerializeWrapper: {
        dataVersion: topics.dataVersion,
        mappingDataVersion: { counter: 0, stateVersion: 0, timestamp: 0 },
        topicConfigTable,
        topicQueueMappingDetailMap: new Map(),
        topicQueueMappingInfoMap: new Map(),
      },
    };
    return encodeRegisterBody(body, compressed);
  }

  /** Source: rocketmq 5.5.0 `TopicConfigManager#updateOrderTopicConfig`. */
  private onOrderTopics(table: KvTable): void {
    const { topics, logger } = this.parts;
    const ordered: TopicConfig[] = [];
    for (const topic of table.table.keys()) {
      const config = topics.find(topic)?.config;
      if (config && !config.order) ordered.push({ ...config, order: true });
    }
    if (ordered.length === 0) return;
    topics.update(ordered).catch((error: unknown) => {
      logger.error('topics could not be made ordered', { reason: String(error) });
    });
  }
}

/** A broker that may only be read, or only written, has topics that may only be. */
function restricted(config: TopicConfig, brokerPermission: number): TopicConfig {
  const both = Perm.READ | Perm.WRITE;
  return (brokerPermission & both) === both
    ? config
    : { ...config, perm: config.perm & brokerPermission };
}
