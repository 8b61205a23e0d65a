/** Child processes: started, sampled, stopped, and never left behind. */
import { spawn } from 'node:child_process';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const living = new Set();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** Wall clock in milliseconds, with microseconds behind the point. */
export function wallClockMs() {
  return performance.timeOrigin + performance.now();
}

/** A process with its output in a file. */
export class ServiceProcess {
  /**
   * @param {{command: string, args: string[], cwd?: string, env?: Record<string, string>}} how
   * @param {string} logFile
   */
  constructor(how, logFile) {
    this.logFile = logFile;
    const log = openSync(logFile, 'a');
    this.startedAtMs = wallClockMs();
    this.child = spawn(how.command, how.args, {
      cwd: how.cwd,
      env: { ...process.env, ...how.env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    living.add(this.child);
    this.exited = new Promise((resolve) => {
      this.child.once('error', (error) => resolve({ error }));
      this.child.once('exit', (code, signal) => resolve({ code, signal }));
    }).then((outcome) => {
      living.delete(this.child);
      this.outcome = outcome;
      return outcome;
    });
  }

  get pid() {
    return this.child.pid;
  }

  /** @throws {Error} with the end of the log, when the process is no longer there */
  assertAlive() {
    if (this.outcome) {
      throw new Error(
        `process ended: ${JSON.stringify(this.outcome)}; end of ${this.logFile}:\n${this.logTail()}`,
      );
    }
  }

  logTail() {
    return readFileSync(this.logFile, 'utf8').split('\n').slice(-15).join('\n');
  }

  /** SIGTERM, then wait. @returns how long it took, in ms; SIGKILL and an error after the limit */
  async stop(limitMs = 90_000) {
    const sinceMs = wallClockMs();
    if (this.outcome) return 0;
    this.child.kill('SIGTERM');
    const ended = await Promise.race([this.exited, sleep(limitMs, null, { ref: false })]);
    if (ended === null) {
      await this.kill();
      throw new Error(`did not stop within ${limitMs} ms; log: ${this.logFile}`);
    }
    return wallClockMs() - sinceMs;
  }

  /** SIGKILL, as a crash. */
  async kill() {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

/**
 * Runs a program to its end.
 *
 * @returns {Promise<string>} standard output
 * @throws {Error} with what it said, on an exit code other than 0
 */
export async function runToEnd(command, args, options = {}) {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  living.add(child);
  let output = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (complaints += text));
  try {
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode, signal) => resolve(exitCode ?? signal));
    });
    if (code !== 0) {
      const said = (complaints + output).trim().split('\n').slice(-6).join('\n');
      throw new Error(`${command} ended with ${code}: ${said}`);
    }
    return output;
  } finally {
    living.delete(child);
  }
}

/** Memory of a process in MB (10^6 bytes), from /proc. Source: proc_pid_status(5). */
export function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (key) => {
    const match = new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status);
    return match ? (Number(match[1]) * 1024) / 1e6 : Number.NaN;
  };
  return { rssAnonMb: megabytes('RssAnon'), rssMb: megabytes('VmRSS') };
}

/** CPU seconds that a process has used so far, all threads. Source: proc_pid_stat(5). */
export function cpuSecondsOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Samples the memory of a process until stopped. */
export class MemorySampler {
  constructor(pid, everyMs = 250) {
    this.samples = [];
    const sinceMs = wallClockMs();
    const sample = () => {
      try {
        this.samples.push({ atMs: wallClockMs() - sinceMs, ...memoryOf(pid) });
      } catch {
        // the process has just ended; what it ended with is reported by whoever waits for it
        clearInterval(this.timer);
      }
    };
    this.timer = setInterval(sample, everyMs);
    sample();
  }

  /** @returns the greatest of each figure, and the samples */
  stop() {
    clearInterval(this.timer);
    return {
      rssAnonMb: Math.max(...this.samples.map((sample) => sample.rssAnonMb)),
      rssMb: Math.max(...this.samples.map((sample) => sample.rssMb)),
      samples: this.samples,
    };
  }
}
