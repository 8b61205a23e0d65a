import { join } from 'node:path';
import { apacheClassPath } from './programs.mjs';
import { lastLines, run } from './tools.mjs';

const COMMAND_WITHIN_MS = 90_000;

/**
 * Runs one sub-command of Apache's `mqadmin` in a process of its own, as an operator would.
 *
 * @param {string[]} words sub-command and its options
 * @param {{ dir: string, children?: Set<import('node:child_process').ChildProcess> }} options
 *   `dir`: for its output and its logs
 * @returns {Promise<string>} the end of what it printed
 * @throws when it fails; it also does so with exit code 0
 */
export async function mqadmin(words, { dir, children }) {
  const outputFile = join(dir, `mqadmin-${words[0]}-${Date.now()}-${++runs}.out`);
  const exitCode = await run(
    'java',
    [
      ...['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      ...[`-Duser.home=${dir}`, '-Drocketmq.client.logLevel=WARN'],
      ...['-cp', apacheClassPath(), 'org.apache.rocketmq.tools.command.MQAdminStartup', ...words],
    ],
    { cwd: dir, outputFile, timeoutMs: COMMAND_WITHIN_MS, children },
  );
  const printed = lastLines(outputFile);
  if (exitCode !== 0 || /Exception|command failed/.test(printed))
    throw new Error(`mqadmin ${words.join(' ')} ended with ${exitCode}\n${printed}`);
  return printed;
}

/** Commands of one run may begin in the same millisecond. */
let runs = 0;
