/** Results as rows, as a table for people, and as Markdown. */
import { metricLabels } from './points.mjs';
import { judge, pairedRatios, spread } from './statistics.mjs';

/**
 * @param {import('./points.mjs').Point[]} points
 * @param {object[]} rounds per round: {ours: {point: metrics}, apache: {point: metrics}}
 */
export function buildRows(points, rounds) {
  const rows = [];
  for (const point of points) {
    for (const target of point.targets) {
      const valuesOf = (side) => rounds.map((round) => round[side]?.[point.name]?.[target.metric]);
      const ours = valuesOf('ours');
      const apache = valuesOf('apache');
      const finite = (values) => values.filter((value) => Number.isFinite(value));
      const ratio = spread(pairedRatios(ours, apache));
      const own = spread(finite(ours));
      const judged = target.kind === 'ratio' ? ratio?.median : own?.median;
      rows.push({
        point: point.name,
        title: point.title,
        ...target,
        ours: own,
        apache: spread(finite(apache)),
        ratio,
        verdict: judge(target, judged),
        errors: errorsOf(point.name, rounds),
        apacheSaw: point.apacheSaw,
      });
    }
  }
  return rows;
}

/** Refused or unanswered requests of a point, by side, over all rounds; and failed measurements. */
function errorsOf(pointName, rounds) {
  const errors = {};
  for (const side of ['ours', 'apache']) {
    for (const round of rounds) {
      const metrics = round[side]?.[pointName];
      const refused = (metrics?.errors ?? 0) + (metrics?.unanswered ?? 0);
      if (refused > 0) errors[side] = (errors[side] ?? 0) + refused;
      if (metrics?.failure) (errors.failures ??= []).push(`${side}: ${metrics.failure}`);
    }
  }
  return errors;
}

function number(value, decimals) {
  if (value === undefined || !Number.isFinite(value)) return '–';
  const text = value.toFixed(decimals);
  return decimals > 0 ? text : text.replace(/\B(?=(\d{3})+$)/g, ' ');
}

function withSpread(summary, decimals) {
  if (!summary) return '–';
  if (summary.count === 1) return number(summary.median, decimals);
  const range = `${number(summary.min, decimals)}–${number(summary.max, decimals)}`;
  return `${number(summary.median, decimals)} (${range})`;
}

const verdictWords = { aim: 'aim', floor: 'floor', miss: 'MISS', info: '', none: 'not measured' };

function limit(row, value) {
  if (value === undefined) return '';
  const text = Number(value.toFixed(3)).toString();
  const sign = row.better === 'higher' ? '≥ ' : '≤ ';
  return `${sign}${text}${row.kind === 'ratio' ? '×' : ''}`;
}

export const tableHead = [
  'point',
  'figure',
  'Apache 5.5.0',
  'ours',
  'ours / Apache',
  'floor',
  'aim',
  'reached',
];

/** The cells of a row, in the order of tableHead. */
export function cellsOf(row) {
  const [label, decimals] = metricLabels[row.metric] ?? [row.metric, 2];
  const errors = Object.entries(row.errors)
    .filter(([side]) => side !== 'failures')
    .map(([side, count]) => `${side}: ${count} errors`);
  return [
    row.title,
    label,
    withSpread(row.apache, decimals),
    withSpread(row.ours, decimals),
    withSpread(row.ratio, 2),
    limit(row, row.floor),
    limit(row, row.aim),
    [verdictWords[row.verdict], ...errors].filter(Boolean).join('; '),
  ];
}

/** For a terminal: columns padded to their widest cell. */
export function textTable(rows) {
  const lines = [tableHead, ...rows.map(cellsOf)];
  const widths = tableHead.map((_, column) =>
    Math.max(...lines.map((line) => line[column].length)),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function markdownTable(rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    line(tableHead),
    line(tableHead.map(() => '---')),
    ...rows.map((row) => line(cellsOf(row))),
  ].join('\n');
}

const onceText = (once = []) =>
  once.length === 0 ? '' : `; one round of the sessions ${once.join(', ')}`;

/** The whole bench/RESULTS.md. */
export function markdownReport(result) {
  const { machine, settings, ceiling } = result;
  const failures = [...new Set(result.rows.flatMap((row) => row.errors.failures ?? []))];
  const facts = [
    `Date ${machine.date}, commit ${machine.commit}${machine.isCommitClean ? '' : ' with uncommitted changes'}.`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB, ${machine.kernel}.`,
    `Node ${machine.node}; ${machine.java}; ${machine.go}.`,
    `${settings.rounds} rounds after ${settings.warmUpRounds} for warming up, pace ${settings.pace}${onceText(settings.once)}.`,
    ...Object.entries(settings.sides).map(([name, text]) => `${name}: ${text}.`),
  ];
  return [
    '# Benchmark results',
    '',
    'Medians over the rounds, with least and greatest in brackets. The ratio is taken round by round,',
    'ours divided by Apache’s; method and caveats are in [README.md](README.md).',
    '',
    ...facts.map((fact) => `- ${fact}`),
    '',
    markdownTable(result.rows),
    '',
    '## What the load generator costs',
    '',
    'Against a server that answers at once and stores nothing, on the same machine:',
    '',
    '| load | msg/s | generator CPU µs/msg |',
    '| --- | --- | --- |',
    ...Object.entries(ceiling ?? {}).map(
      ([name, { throughput, generatorCpuMicrosPerMessage }]) =>
        `| ${name} | ${number(throughput, 0)} | ${number(generatorCpuMicrosPerMessage, 2)} |`,
    ),
    '',
    ...(failures.length > 0
      ? ['## Failed measurements', '', ...failures.map((text) => `- ${text}`), '']
      : []),
  ].join('\n');
}
