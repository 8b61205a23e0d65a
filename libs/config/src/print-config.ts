import { formatProperties } from './properties.js';
import { formatValue } from './parse-value.js';
import type { ConfigEntry, LoadedConfig } from './loaded-config.js';

const MASK = '********';

const shown = ({ declaration, value }: ConfigEntry): string =>
  declaration.secret && value !== undefined && value !== '' ? MASK : formatValue(value);

/** Text of `-p`: every setting by group with value, unit, origin and Apache's name, in aligned columns. */
export function printConfig(config: LoadedConfig): string {
  const rows = config.entries().map((entry) => ({
    group: entry.group.group,
    cells: [
      entry.declaration.name,
      shown(entry),
      entry.declaration.unit ?? '',
      entry.origin.text,
      entry.declaration.aliases.map(({ key }) => key).join(', '),
    ],
  }));
  const titles = ['setting', 'value', 'unit', 'from', 'Apache’s key'];
  const widths = titles.map((title, column) =>
    Math.min(48, Math.max(title.length, ...rows.map(({ cells }) => cells[column]!.length))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  const text = [line(titles)];
  let group: string | undefined;
  for (const row of rows) {
    if (row.group !== group) text.push('', `[${row.group}]`);
    group = row.group;
    text.push(line(row.cells));
  }
  return `${[...text, '', ...config.warnings.map((warning) => `note: ${warning}`)].join('\n').trimEnd()}\n`;
}

/**
 * Every setting as properties text under Apache's name and in Apache's unit, ours where Apache has none: the body of
 * GET_BROKER_CONFIG and GET_NAMESRV_CONFIG. Secrets are masked.
 */
export function javaProperties(config: LoadedConfig): string {
  return formatProperties(
    config.entries().flatMap((entry): [string, string][] => {
      const { declaration, value } = entry;
      if (value === undefined) return [];
      if (declaration.aliases.length === 0 || declaration.secret)
        return [[declaration.aliases[0]?.key ?? declaration.name, shown(entry)]];
      return declaration.aliases.map((alias) => [alias.key, formatValue(value, alias)]);
    }),
  );
}
