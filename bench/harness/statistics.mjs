/** Medians, spread and the judgement of ratios. Pure functions. */

/** Middle value, or the mean of the middle two; NaN for none. */
export function median(values) {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median, least and greatest of what is there; null for nothing. */
export function spread(values) {
  if (values.length === 0) return null;
  return {
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    count: values.length,
  };
}

/**
 * Ours divided by Apache's, round by round: both sides of a round ran minutes apart, so what the
 * machine did to one it likely did to the other. Rounds that lack a side are left out.
 *
 * @param {(number|undefined)[]} ours by round
 * @param {(number|undefined)[]} apache by round
 */
export function pairedRatios(ours, apache) {
  const ratios = [];
  for (let round = 0; round < Math.max(ours.length, apache.length); round++) {
    if (Number.isFinite(ours[round]) && Number.isFinite(apache[round]) && apache[round] > 0) {
      ratios.push(ours[round] / apache[round]);
    }
  }
  return ratios;
}

/**
 * @param {import('./points.mjs').Target} target
 * @param {number|undefined} value the ratio, or our own figure for an absolute target
 * @returns {'aim'|'floor'|'miss'|'info'|'none'} what was reached; none: not measured
 */
export function judge(target, value) {
  if (value === undefined || !Number.isFinite(value)) return 'none';
  if (target.floor === undefined && target.aim === undefined) return 'info';
  const reaches = (limit) =>
    limit !== undefined && (target.better === 'higher' ? value >= limit : value <= limit);
  if (reaches(target.aim)) return 'aim';
  if (target.floor === undefined) return 'info';
  return reaches(target.floor) ? 'floor' : 'miss';
}

/** Least-squares slope of y over x; 0 for fewer than two points. */
export function slope(samples) {
  if (samples.length < 2) return 0;
  const meanX = samples.reduce((sum, [x]) => sum + x, 0) / samples.length;
  const meanY = samples.reduce((sum, [, y]) => sum + y, 0) / samples.length;
  let covariance = 0;
  let variance = 0;
  for (const [x, y] of samples) {
    covariance += (x - meanX) * (y - meanY);
    variance += (x - meanX) ** 2;
  }
  return variance === 0 ? 0 : covariance / variance;
}
