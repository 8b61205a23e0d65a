/** What two logs that grow say of each other. Pure functions. */

/** @typedef {{atMs: number, master: number, slave: number, slaveFirst: number}} LogSample ends of both logs, in bytes */

/** A slave this close to a master under full load has caught up: the rest is what is under way. */
export const nearBytes = 4 << 20;

const megabytesPerSecond = (bytes, ms) => bytes / 1e6 / (ms / 1000);

/**
 * @param {LogSample[]} samples
 * @returns how fast a log grew in its middle half, in MB/s
 */
export function growthOf(samples) {
  const from = samples[samples.length >> 2];
  const to = samples[(samples.length * 3) >> 2];
  return megabytesPerSecond(to.master - from.master, to.atMs - from.atMs);
}

/**
 * The time from the first bytes in an empty slave until it is near its master, or until the samples end.
 *
 * @param {LogSample[]} samples
 * @throws {Error} when the slave got nothing
 */
export function catchUpFigures(samples) {
  const begin = samples.findIndex(({ slave, slaveFirst }) => slave > slaveFirst);
  if (begin < 0) throw new Error('the slave got nothing');
  const near = samples.findIndex(
    ({ master, slave }, at) => at > begin && master - slave <= nearBytes,
  );
  const from = samples[begin];
  const to = samples[near < 0 ? samples.length - 1 : near];
  const ms = to.atMs - from.atMs;
  if (ms <= 0) throw new Error('too few samples between first bytes and the end');
  return {
    isCaughtUp: near >= 0,
    seconds: ms / 1000,
    copiedMb: (to.slave - from.slave) / 1e6,
    mbPerSecond: megabytesPerSecond(to.slave - from.slave, ms),
    masterMbPerSecond: megabytesPerSecond(to.master - from.master, ms),
    behindAtFirstMb: (from.master - from.slave) / 1e6,
  };
}
