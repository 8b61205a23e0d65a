import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** This folder. */
export const E2E_DIR = fileURLToPath(new URL('.', import.meta.url));

/** How to ask each program whether it is there. */
const VERSION_ARGUMENTS = { java: ['-version'], mvn: ['-v'], go: ['version'] };

/**
 * Why a suite cannot run on this machine.
 *
 * @param {readonly ('java' | 'mvn' | 'go')[]} programs that the suite needs
 * @returns {string | undefined} a sentence naming what is missing, or nothing
 */
export function missingTools(programs) {
  const missing = programs.filter((program) => {
    const { error, status } = spawnSync(program, VERSION_ARGUMENTS[program], { stdio: 'ignore' });
    return error !== undefined || status !== 0;
  });
  return missing.length > 0 ? `not on this machine: ${missing.join(', ')}` : undefined;
}

/**
 * Runs a program to its end, its output in a file.
 *
 * @param {string} program
 * @param {readonly string[]} programArguments
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, outputFile: string, timeoutMs: number,
 *   children?: Set<import('node:child_process').ChildProcess> }} options
 *   `children`: where the process is listed while it runs, for whoever must end it early
 * @returns {Promise<number>} exit code; −1 when a signal or the time limit ended it
 */
export function run(program, programArguments, { cwd, env, outputFile, timeoutMs, children }) {
  return new Promise((resolve, reject) => {
    const output = createWriteStream(outputFile, { flags: 'a' });
    // A group of its own: maven and go start children, and all of them must end with it.
    const child = spawn(program, programArguments, { cwd, env, detached: true });
    children?.add(child);
    child.stdout.pipe(output, { end: false });
    child.stderr.pipe(output, { end: false });
    const timer = setTimeout(() => endGroup(child), timeoutMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      children?.delete(child);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      children?.delete(child);
      output.end(() => resolve(code ?? -1));
    });
  });
}

/** Ends a process started by {@link run} and everything it started itself. */
export function endGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/**
 * The class path of a Maven project, resolved once and then read from its target folder.
 *
 * @param {string} projectDir
 * @param {{ targetDir?: string, properties?: readonly string[] }} options
 * @throws when Maven cannot resolve the dependencies; its output is in the message
 */
export function mavenClassPath(
  projectDir,
  { targetDir = join(projectDir, 'target'), properties = [] } = {},
) {
  const file = join(targetDir, 'classpath.txt');
  const pom = join(projectDir, 'pom.xml');
  if (!isCurrent(file, pom)) {
    const { status, error, stdout, stderr } = spawnSync(
      'mvn',
      ['-q', '-B', ...properties, 'dependency:build-classpath'],
      { cwd: projectDir, encoding: 'utf8' },
    );
    if (error) throw error;
    if (status !== 0) throw new Error(`mvn dependency:build-classpath failed\n${stdout}${stderr}`);
  }
  return readFileSync(file, 'utf8').trim();
}

function isCurrent(file, pom) {
  if (!existsSync(file) || statSync(file).mtimeMs < statSync(pom).mtimeMs) return false;
  return readFileSync(file, 'utf8').trim().split(delimiter).every(existsSync);
}

/** The end of a text file, for error messages. */
export function lastLines(file, count = 30) {
  if (!existsSync(file)) return '(no output)';
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
}
