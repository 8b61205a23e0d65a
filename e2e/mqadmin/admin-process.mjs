import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { E2E_DIR, lastLines, mavenClassPath, run } from '../tools.mjs';

const SOURCE_DIR = join(E2E_DIR, 'mqadmin', 'java', 'rocketmqts', 'mqadmin');
const RUN_WITHIN_MS = 400_000;

/**
 * Compiles the program that runs sub-commands, unless that was done since its last change.
 *
 * @param {string} classesDir
 * @returns {string} its class path: Apache's tools and our classes
 */
export function adminClassPath(classesDir) {
  const classPath = [mavenClassPath(join(E2E_DIR, 'apache')), classesDir].join(delimiter);
  const sources = readdirSync(SOURCE_DIR).map((name) => join(SOURCE_DIR, name));
  const stamp = join(classesDir, 'compiled');
  const newestMs = Math.max(...sources.map((source) => statSync(source).mtimeMs));
  if (existsSync(stamp) && statSync(stamp).mtimeMs > newestMs) return classPath;
  mkdirSync(classesDir, { recursive: true });
  const { status, error, stderr } = spawnSync(
    'javac',
    ['-nowarn', '-Xlint:none', '--release', '17', '-d', classesDir, '-cp', classPath, ...sources],
    { encoding: 'utf8' },
  );
  if (error) throw error;
  if (status !== 0) throw new Error(`javac failed\n${stderr}`);
  writeFileSync(stamp, '');
  return classPath;
}

/**
 * Runs a script against one cluster in one Java process.
 *
 * @param {import('./script.mjs').Step[]} steps
 * @param {{ name: string, names: Record<string, string>, classPath: string, workDir: string,
 *   children: Set<import('node:child_process').ChildProcess> }} options
 * @returns {Promise<{ names: Record<string, string>, subCommands: string[], failedActs: string[],
 *   results: { id: string, end: string, took: number, output: string }[] }>}
 */
export async function runScript(steps, { name, names, classPath, workDir, children }) {
  mkdirSync(workDir, { recursive: true });
  const scriptFile = join(workDir, `${name}-script.json`);
  const resultFile = join(workDir, `${name}-result.json`);
  const outputFile = join(workDir, `${name}.out`);
  writeFileSync(scriptFile, JSON.stringify(steps));
  const exitCode = await run(
    'java',
    [
      ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      // Sub-commands that want to end the process are caught.
      '-Djava.security.manager=allow',
      // Logs go below the home; each cluster's process gets its own.
      `-Duser.home=${join(workDir, `${name}-home`)}`,
      ...['-Duser.timezone=UTC', '-Drocketmq.client.logLevel=WARN'],
      ...['-cp', classPath, 'rocketmqts.mqadmin.AdminScript', scriptFile, resultFile],
      ...Object.entries(names).map(([key, value]) => `${key}=${value}`),
    ],
    { cwd: workDir, outputFile, timeoutMs: RUN_WITHIN_MS, children },
  );
  if (exitCode !== 0) {
    throw new Error(
      `the sub-commands against ${name} ended with ${exitCode}\n${lastLines(outputFile)}`,
    );
  }
  return JSON.parse(readFileSync(resultFile, 'utf8'));
}
