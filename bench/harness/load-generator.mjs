/** The compiled load generator as a function call. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ServiceProcess, runToEnd } from './processes.mjs';
import { setTimeout as sleep } from 'node:timers/promises';

const flagOf = {
  inFlight: 'in-flight',
  brokerName: 'broker-name',
  warmUp: 'warm-up',
  perPull: 'per-pull',
  lockEvery: 'lock-every',
};

/** These print no result. */
const silentModes = new Set(['create', 'route']);

function argumentsOf(options) {
  return Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `-${flagOf[key] ?? key}=${value}`);
}

/** The last line of JSON in what a program printed; others may log around it. */
export function lastJsonLine(output) {
  const line = output
    .split('\n')
    .filter((text) => text.startsWith('{"mode"'))
    .at(-1);
  if (!line) throw new Error(`no result in: ${output.slice(-300)}`);
  return JSON.parse(line);
}

export class LoadGenerator {
  /** @param {string} sourceDirectory bench/loadgen */
  constructor(sourceDirectory) {
    this.sourceDirectory = sourceDirectory;
    this.binary = path.join(sourceDirectory, 'bin', 'loadgen');
  }

  async build() {
    mkdirSync(path.dirname(this.binary), { recursive: true });
    await runToEnd('go', ['build', '-o', this.binary, '.'], { cwd: this.sourceDirectory });
  }

  /**
   * @param {string} mode
   * @param {Record<string, unknown>} options durations as Go writes them: `8s`
   * @param {number} [cpu] the only core that it may use
   */
  async run(mode, options, cpu) {
    const args = [mode, ...argumentsOf(options)];
    const pinned = cpu === undefined ? [this.binary, ...args] : ['-c', cpu, this.binary, ...args];
    const command = cpu === undefined ? pinned.shift() : 'taskset';
    const output = await runToEnd(command, pinned.map(String));
    return silentModes.has(mode) ? undefined : lastJsonLine(output);
  }

  /** Answers everything at once on a free port, to find the generator's own ceiling. */
  async startEcho(directory) {
    const logFile = path.join(directory, 'echo.log');
    // what an earlier one said is not this one's port
    rmSync(logFile, { force: true });
    const echo = new ServiceProcess({ command: this.binary, args: ['echo'] }, logFile);
    for (let waited = 0; waited < 100; waited++) {
      echo.assertAlive();
      const said = readFileSync(logFile, 'utf8');
      if (said.includes('\n')) return { echo, port: lastJsonLine(said).port };
      await sleep(20);
    }
    throw new Error('the echo server said no port');
  }
}
