import { FASTJSON, formatJson, prettyJson } from '@rocketmq-ts/protocol';
import type { JsonType } from '@rocketmq-ts/protocol';
import { configText } from './metadata-file.js';

/**
 * Writes a large table as `configText` does, at the price of the entries that are new: the text of each is kept as long
 * as the object. A broker with ten thousand topics must not stand still for a tenth of a second when one is added.
 */
export class TableText<T, E extends object> {
  private readonly texts = new WeakMap<E, string>();

  /** @param whole the file; the table is its last member */
  constructor(
    private readonly whole: JsonType<T>,
    private readonly entry: JsonType<E>,
  ) {}

  /** @param frame the content with an empty table */
  write(frame: T, table: ReadonlyMap<string, E>): string {
    const text = configText(this.whole, frame);
    if (table.size === 0) return text;
    const cut = text.lastIndexOf('{}');
    const lines: string[] = [];
    for (const [key, entry] of table) {
      lines.push(`\t\t${JSON.stringify(key)}:${this.entryText(entry)}`);
    }
    return `${text.slice(0, cut)}{\n${lines.join(',\n')}\n\t}${text.slice(cut + 2)}`;
  }

  private entryText(entry: E): string {
    let text = this.texts.get(entry);
    if (text === undefined) {
      // No line break stands within a JSON text, so each one is a line of ours.
      text = prettyJson(formatJson(this.entry, entry, FASTJSON)).replaceAll('\n', '\n\t\t');
      this.texts.set(entry, text);
    }
    return text;
  }
}
