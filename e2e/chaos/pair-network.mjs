import { spawnSync } from 'node:child_process';

/** One way of a link so slow that a message of 256 KiB takes eight seconds. */
const SLOW_RATE = '256kbit';

/**
 * Why a network of namespaces cannot be made on this machine.
 *
 * @returns {string | undefined} a sentence, or nothing
 */
export function whyNoNamespaces() {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
  if (process.getuid() !== 0) return 'only root may make network namespaces';
  try {
    const network = new PairNetwork();
    try {
      network.cut('master', 'slave');
      network.slow('slave', 'master');
    } finally {
      network.close();
    }
    return undefined;
  } catch (error) {
    return `network namespaces do not work here: ${error.message}`;
  }
}

/**
 * Master and slave each in a namespace of its own, the client (this process) in the one where it is; a cable of its own
 * between each two of them, each of which can be cut in one direction, slowed down or have its connections reset.
 *
 * A cut drops what is sent without a word, as a broken switch does; nobody gets an error.
 */
export class PairNetwork {
  #spaces;
  #links = [];
  #atExit = () => this.close();

  constructor() {
    const number = 1 + Math.floor(Math.random() * 250);
    const prefix = `10.201.${number}`;
    this.hosts = { master: `${prefix}.1`, slave: `${prefix}.2`, client: `${prefix}.3` };
    this.#spaces = { master: `rmq${number}m`, slave: `rmq${number}s` };
    process.once('exit', this.#atExit);
    try {
      for (const side of ['master', 'slave']) {
        run('ip', 'netns', 'add', this.#spaces[side]);
        this.#ip(side, 'link', 'set', 'lo', 'up');
      }
      for (const side of ['master', 'slave', 'client'])
        this.#ip(side, 'addr', 'add', `${this.hosts[side]}/32`, 'dev', 'lo');
      this.#connect('master', 'slave', number);
      this.#connect('master', 'client', number);
      this.#connect('slave', 'client', number);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Words before a command that is to run on that side. @returns {string[]} */
  within(side) {
    return side === 'client' ? [] : ['ip', 'netns', 'exec', this.#spaces[side]];
  }

  /** From now on nothing that `from` sends arrives at `to`. */
  cut(from, to) {
    this.#queue(from, to, 'blackhole');
  }

  /** Cut both ways. */
  part(one, other) {
    this.cut(one, other);
    this.cut(other, one);
  }

  slow(from, to) {
    this.#queue(from, to, 'tbf', 'rate', SLOW_RATE, 'burst', '16kb', 'latency', '2000ms');
  }

  /** Ends all connections between the two, as a firewall that restarts does. */
  reset(one, other) {
    run(...this.within(one), 'ss', '-K', 'dst', this.hosts[other]);
  }

  /** All cables as they were. */
  heal() {
    for (const { side, device } of this.#links.filter((link) => link.isTouched)) {
      run(...this.within(side), 'tc', 'qdisc', 'del', 'dev', device, 'root');
    }
    for (const link of this.#links) link.isTouched = false;
  }

  /** Removes everything; safe to call twice, and when making it failed. */
  close() {
    process.off('exit', this.#atExit);
    for (const space of Object.values(this.#spaces)) spawnSync('ip', ['netns', 'del', space]);
    spawnSync('ip', ['addr', 'del', `${this.hosts.client}/32`, 'dev', 'lo']);
  }

  #connect(one, other, number) {
    const device = (from, to) => `rmq${number}${from[0]}${to[0]}`;
    const [near, far] = [device(one, other), device(other, one)];
    const place = (side) => (side === 'client' ? [] : ['netns', this.#spaces[side]]);
    run(
      'ip',
      'link',
      'add',
      near,
      ...place(one),
      'type',
      'veth',
      'peer',
      'name',
      far,
      ...place(other),
    );
    for (const [side, peer, name] of [
      [one, other, near],
      [other, one, far],
    ]) {
      this.#ip(side, 'link', 'set', name, 'up');
      this.#links.push({ side, peer, device: name, isTouched: false });
    }
    // Only now: a route needs both ends up.
    for (const { side, peer, device: name } of this.#links.slice(-2))
      this.#ip(side, 'route', 'add', this.hosts[peer], 'dev', name, 'src', this.hosts[side]);
  }

  #queue(from, to, ...kind) {
    const link = this.#links.find(({ side, peer }) => side === from && peer === to);
    run(...this.within(from), 'tc', 'qdisc', 'replace', 'dev', link.device, 'root', ...kind);
    link.isTouched = true;
  }

  #ip(side, ...words) {
    run(...this.within(side), 'ip', ...words);
  }
}

function run(program, ...words) {
  const { status, error, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  if (error || status !== 0)
    throw new Error(`${program} ${words.join(' ')}: ${error?.message ?? stderr.trim()}`);
}
