import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { E2E_DIR, lastLines, mavenClassPath, run } from './tools.mjs';

const JAVA_DIR = join(E2E_DIR, 'java');
const COMPILE_WITHIN_MS = 300_000;

/**
 * Compiles the programs of `java/` on the newest client.
 *
 * @param {{ outputDir: string, children?: Set<import('node:child_process').ChildProcess> }} options
 * @returns {Promise<string>} a class path with them and the client
 */
export async function compiledJava({ outputDir, children }) {
  const outputFile = join(outputDir, 'java-compile.out');
  const timeoutMs = COMPILE_WITHIN_MS;
  const exitCode = await run('mvn', ['-q', '-B', 'compile'], {
    ...{ cwd: JAVA_DIR, outputFile, timeoutMs, children },
  });
  if (exitCode !== 0) throw new Error(`mvn compile failed\n${lastLines(outputFile)}`);
  const targetDir = join(JAVA_DIR, 'target/5.5.0');
  return `${join(targetDir, 'classes')}:${mavenClassPath(JAVA_DIR, { targetDir })}`;
}

/**
 * An application on Apache's client that sends and receives all the time, see `SteadyClients.java`.
 */
export class SteadyClients {
  #child;
  #ended;

  /**
   * @param {{ classPath: string, namesrv: string, topic: string, group: string, dir: string, name?: string,
   *   rate?: number, pollMs?: number, settleSeconds?: number,
   *   children?: Set<import('node:child_process').ChildProcess> }} options
   */
  constructor({ classPath, namesrv, topic, group, dir, children, ...options }) {
    const { name = 'steady', rate = 200, pollMs = 30_000, settleSeconds = 90 } = options;
    this.outputFile = join(dir, `${name}.out`);
    const output = openSync(this.outputFile, 'w');
    const words = { namesrv, topic, group, rate, poll: pollMs, settle: settleSeconds };
    this.#child = spawn(
      'java',
      [
        ...[
          '-Xmx256m',
          '-XX:+UseSerialGC',
          `-Duser.home=${dir}`,
          '-Drocketmq.client.logLevel=WARN',
        ],
        ...['-cp', classPath, 'rocketmqts.e2e.SteadyClients'],
        ...Object.entries(words).flatMap(([key, value]) => [`--${key}`, `${value}`]),
      ],
      { stdio: ['pipe', output, output], detached: true },
    );
    closeSync(output);
    children?.add(this.#child);
    this.#ended = new Promise((resolve) => {
      this.#child.on('error', () => resolve(-1));
      this.#child.on('exit', (code) => {
        children?.delete(this.#child);
        this.exitCode = code ?? -1;
        resolve(this.exitCode);
      });
    });
  }

  /** What it said last: counts, and the longest pauses. @returns {Record<string, any> | undefined} */
  get report() {
    if (!existsSync(this.outputFile)) return undefined;
    const lines = readFileSync(this.outputFile, 'utf8').split('\n').slice(0, -1);
    const line = lines.findLast((text) => text.startsWith('{'));
    return line === undefined ? undefined : JSON.parse(line);
  }

  /** Waits until that many more were sent and received than now. */
  async goesOn(count, limitMs = 60_000) {
    const before = this.report ?? { acknowledged: 0, received: 0 };
    const deadlineMs = Date.now() + limitMs;
    for (;;) {
      const now = this.report;
      const isThere = (what) => (now?.[what] ?? 0) >= before[what] + count;
      if (isThere('acknowledged') && isThere('received')) return now;
      if (this.exitCode !== undefined || Date.now() > deadlineMs)
        throw new Error(`the clients do not go on: ${lastLines(this.outputFile, 5)}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** No more sends; waits until all was received. @returns {Promise<Record<string, any>>} the last report */
  async finish() {
    this.#child.stdin.end();
    const exitCode = await this.#ended;
    if (!this.report?.end) throw new Error(`the clients failed\n${lastLines(this.outputFile)}`);
    return { ...this.report, exitCode };
  }

  kill() {
    this.#child.kill('SIGKILL');
  }
}
