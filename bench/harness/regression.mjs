/** The regression lane: what is kept of a run, and when another one is worse. Pure functions. */

/** A throughput ratio may fall to this share of the baseline's. */
export const leastThroughputShare = 0.85;
/** A latency, time or memory ratio may rise to this multiple of the baseline's. */
export const greatestCostMultiple = 1.2;

const keyOf = ({ point, metric }) => `${point} ${metric}`;

/** Rows whose ratio is worth guarding: those that have a floor or an aim, and one measured. */
function guardedRows(result) {
  return result.rows.filter(
    (row) =>
      row.kind === 'ratio' && row.ratio && (row.floor !== undefined || row.aim !== undefined),
  );
}

/** @param {object} result what `run.mjs --json` wrote */
export function baselineOf(result) {
  const ratios = guardedRows(result).map(({ point, metric, better, ratio }) => ({
    point,
    metric,
    better,
    ratio: ratio.median,
  }));
  if (ratios.length === 0) throw new Error('a run with one side only has no ratios to store');
  if (result.settings.pace !== 'full') throw new Error('a quick run is no baseline');
  const { cpu, cores, memoryGib, kernel, node, java, commit, date } = result.machine;
  return {
    machine: { cpu, cores, memoryGib, kernel, node, java },
    commit,
    date,
    rounds: result.settings.rounds,
    ratios,
  };
}

/**
 * @returns {{compared: {point: string, metric: string, before: number, now: number, change: number, isWorse: boolean}[],
 *   missing: {point: string, metric: string}[]}} missing: in the baseline, not in the run
 */
export function compareWithBaseline(result, baseline) {
  const measured = new Map(guardedRows(result).map((row) => [keyOf(row), row]));
  const compared = [];
  const missing = [];
  for (const { point, metric, better, ratio: before } of baseline.ratios) {
    const row = measured.get(keyOf({ point, metric }));
    if (!row) {
      missing.push({ point, metric });
      continue;
    }
    const now = row.ratio.median;
    const change = now / before;
    const isWorse =
      better === 'higher' ? change < leastThroughputShare : change > greatestCostMultiple;
    compared.push({ point, metric, before, now, change, isWorse });
  }
  return { compared, missing };
}
