/** Why an entry is not taken. */
export type KvRefusal = 'TOO_MANY_ENTRIES' | 'TOO_LONG';

/** Characters that a namespace or a key may have, and a value. */
const NAME_LENGTH_MAX = 255;
const VALUE_LENGTH_MAX = 64 * 1024;

/**
 * Key-value entries in namespaces, e.g. the layout of ordered topics in `ORDER_TOPIC_CONFIG`. State only.
 *
 * Invariant I1: `entryCount` never exceeds its limit.
 */
export class KvConfig {
  private readonly namespaces = new Map<string, Map<string, string>>();
  private entries = 0;

  constructor(private readonly limits: { readonly kvEntryCountMax: number }) {}

  get entryCount(): number {
    return this.entries;
  }

  /** Every namespace with its entries. */
  all(): ReadonlyMap<string, ReadonlyMap<string, string>> {
    return this.namespaces;
  }

  /** @returns why nothing was changed, or undefined. */
  put(namespace: string, key: string, value: string): KvRefusal | undefined {
    if (Math.max(namespace.length, key.length) > NAME_LENGTH_MAX || value.length > VALUE_LENGTH_MAX)
      return 'TOO_LONG';
    const table = this.namespaces.get(namespace);
    if (!table?.has(key)) {
      if (this.entries >= this.limits.kvEntryCountMax) return 'TOO_MANY_ENTRIES';
      this.entries++;
    }
    if (table) table.set(key, value);
    else this.namespaces.set(namespace, new Map([[key, value]]));
    return undefined;
  }

  get(namespace: string, key: string): string | undefined {
    return this.namespaces.get(namespace)?.get(key);
  }

  /** Entries of a namespace; undefined where it never had one. */
  list(namespace: string): ReadonlyMap<string, string> | undefined {
    return this.namespaces.get(namespace);
  }

  /** The namespace stays, also when it becomes empty, as in Apache. @returns whether there was such an entry. */
  delete(namespace: string, key: string): boolean {
    const deleted = this.namespaces.get(namespace)?.delete(key) === true;
    if (deleted) this.entries--;
    return deleted;
  }

  /** Replaces everything by what was saved. @returns entries that were left out because of the limits. */
  load(saved: ReadonlyMap<string, ReadonlyMap<string, string>>): number {
    this.namespaces.clear();
    this.entries = 0;
    let dropped = 0;
    for (const [namespace, table] of saved) {
      for (const [key, value] of table) if (this.put(namespace, key, value)) dropped++;
      if (!this.namespaces.has(namespace)) this.namespaces.set(namespace, new Map());
    }
    return dropped;
  }
}

/** Namespace that holds `brokerA:4;brokerB:4` by topic. */
export const ORDER_TOPIC_NAMESPACE = 'ORDER_TOPIC_CONFIG';
