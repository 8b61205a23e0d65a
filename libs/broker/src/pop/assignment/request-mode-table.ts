import { FASTJSON, formatJson, MessageRequestModeWrapper } from '@rocketmq-ts/protocol';
import type { SetMessageRequestModeBody } from '@rocketmq-ts/protocol';

/** Most pairs of topic and group for which a mode is set. */
const ENTRY_COUNT_MAX = 100_000;

/**
 * Which groups pop which topics.
 *
 * Invariants:
 *  I1  what an operator sets is saved before he is answered; where that fails the old state stays in force.
 *
 * Source: rocketmq 5.5.0 `MessageRequestModeManager`.
 */
export class RequestModeTable {
  private byTopic = new Map<string, Map<string, SetMessageRequestModeBody>>();
  private entryCount = 0;

  /** @param save writes the table; resolves when it is on stable storage */
  constructor(private readonly save: (content: () => MessageRequestModeWrapper) => Promise<void>) {}

  restore(saved: MessageRequestModeWrapper | undefined): void {
    this.byTopic = new Map(saved?.messageRequestModeMap);
    this.entryCount = [...this.byTopic.values()].reduce((sum, { size }) => sum + size, 0);
  }

  find(topic: string, group: string): SetMessageRequestModeBody | undefined {
    return this.byTopic.get(topic)?.get(group);
  }

  /** @returns false where there are too many. @throws system error: the old mode stays. */
  async set(mode: SetMessageRequestModeBody): Promise<boolean> {
    const { topic, consumerGroup } = mode;
    let groups = this.byTopic.get(topic);
    const old = groups?.get(consumerGroup);
    if (!old && this.entryCount >= ENTRY_COUNT_MAX) return false;
    if (!groups) this.byTopic.set(topic, (groups = new Map<string, SetMessageRequestModeBody>()));
    groups.set(consumerGroup, mode);
    if (!old) this.entryCount++;
    try {
      await this.save(() => this.content());
    } catch (error) {
      if (old) groups.set(consumerGroup, old);
      else if (groups.delete(consumerGroup)) this.entryCount--;
      throw error;
    }
    return true;
  }

  /** A slave takes over its master's table in place of its own. @throws system error: the old modes stay. */
  async adopt(table: MessageRequestModeWrapper): Promise<void> {
    // It has no version of its own.
    if (textOf(table) === textOf(this.content())) return;
    await this.save(() => table);
    this.restore(table);
  }

  content(): MessageRequestModeWrapper {
    return { messageRequestModeMap: this.byTopic };
  }
}

const textOf = (table: MessageRequestModeWrapper): string =>
  formatJson(MessageRequestModeWrapper, table, FASTJSON);
