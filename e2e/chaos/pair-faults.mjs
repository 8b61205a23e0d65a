/**
 * What may happen to a master and its slave, and how it ends. Each is told how long it lasts.
 *
 * @typedef {import('./pair.mjs').Pair} Pair
 * @type {Record<string, { weight: number, network?: boolean, run(pair: Pair, lasting: () => Promise<void>): Promise<void> }>}
 */
export const pairFaults = {
  'kill the master': { weight: 3, run: ({ master }, lasting) => killed([master], lasting) },
  'kill the slave': { weight: 3, run: ({ slave }, lasting) => killed([slave], lasting) },
  'kill both': { weight: 1, run: ({ master, slave }, lasting) => killed([slave, master], lasting) },
  'kill the slave twice': {
    weight: 1,
    async run({ slave }, lasting) {
      await killed([slave], lasting);
      // It comes back while it catches up, mostly.
      await killed([slave], lasting);
    },
  },
  'pause the master': { weight: 2, run: ({ master }, lasting) => paused(master, lasting) },
  'pause the slave': { weight: 2, run: ({ slave }, lasting) => paused(slave, lasting) },
  'kill the master while the slave is paused': {
    weight: 1,
    run: ({ master, slave }, lasting) => paused(slave, () => killed([master], lasting)),
  },
  'cut both ways': {
    ...{ weight: 2, network: true },
    run: ({ network }, lasting) =>
      disturbed(network, () => network.part('master', 'slave'), lasting),
  },
  'cut from master to slave': {
    ...{ weight: 1, network: true },
    run: ({ network }, lasting) =>
      disturbed(network, () => network.cut('master', 'slave'), lasting),
  },
  'cut from slave to master': {
    ...{ weight: 1, network: true },
    run: ({ network }, lasting) =>
      disturbed(network, () => network.cut('slave', 'master'), lasting),
  },
  'reset the connections': {
    ...{ weight: 1, network: true },
    run: async ({ network }) => network.reset('master', 'slave'),
  },
  'a slow link': {
    ...{ weight: 1, network: true },
    run: ({ network }, lasting) =>
      disturbed(network, () => network.slow('master', 'slave'), lasting),
  },
  'kill the slave behind a cut': {
    ...{ weight: 1, network: true },
    run: ({ network, slave }, lasting) =>
      disturbed(
        network,
        () => network.part('master', 'slave'),
        () => killed([slave], lasting),
      ),
  },
};

/** Picks one by its weight. @returns {string} its name */
export function pickFault(random, withNetwork) {
  const possible = Object.entries(pairFaults).filter(([, { network }]) => withNetwork || !network);
  let place = random() * possible.reduce((sum, [, { weight }]) => sum + weight, 0);
  for (const [name, { weight }] of possible) {
    place -= weight;
    if (place < 0) return name;
  }
  return possible.at(-1)[0];
}

async function killed(brokers, lasting) {
  await Promise.all(brokers.map((broker) => broker.kill9()));
  await lasting();
  for (const broker of brokers) broker.launch();
}

async function paused(broker, lasting) {
  broker.process.pause();
  try {
    await lasting();
  } finally {
    broker.process.resume();
  }
}

async function disturbed(network, disturb, lasting) {
  disturb();
  try {
    await lasting();
  } finally {
    network.heal();
  }
}
