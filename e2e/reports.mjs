import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {{ passed: number, failed: number, skipped: number, failures: string[] }} Counts
 *   `failures`: name and message of each failed test
 */

/**
 * Counts the test cases in Surefire's reports. Cases, not suites: when classes run side by side,
 * Surefire files some cases under another class, but none is lost.
 *
 * @param {string} dir
 * @returns {Counts}
 */
export function readSurefireReports(dir) {
  const counts = emptyCounts();
  const files = existsSync(dir) ? readdirSync(dir) : [];
  for (const file of files.filter((name) => /^TEST-.*\.xml$/.test(name))) {
    const xml = readFileSync(join(dir, file), 'utf8');
    for (const [testCase, attributes, closed] of xml.matchAll(
      /<testcase ([^>]*?)(\/>|>[\s\S]*?<\/testcase>)/g,
    )) {
      const name = `${attribute(attributes, 'classname')}.${attribute(attributes, 'name')}`;
      const failure = closed === '/>' ? null : /<(failure|error)\b([^>]*)>/.exec(testCase);
      if (failure) {
        counts.failed++;
        counts.failures.push(`${name}: ${attribute(failure[2], 'message')}`);
      } else if (closed !== '/>' && /<skipped\b/.test(testCase)) {
        counts.skipped++;
      } else {
        counts.passed++;
      }
    }
  }
  return counts;
}

/**
 * Counts the tests in the output of `go test -json`.
 *
 * @param {string} file
 * @returns {Counts}
 */
export function readGoReport(file) {
  const counts = emptyCounts();
  const outputs = new Map();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    // Compiler messages come between the events as plain text.
    if (!line.startsWith('{')) continue;
    const event = JSON.parse(line);
    if (event.Test === undefined) continue;
    if (event.Action === 'output') {
      outputs.set(event.Test, (outputs.get(event.Test) ?? '') + event.Output);
    } else if (event.Action === 'pass') {
      counts.passed++;
    } else if (event.Action === 'skip') {
      counts.skipped++;
    } else if (event.Action === 'fail') {
      counts.failed++;
      counts.failures.push(outputs.get(event.Test) ?? event.Test);
    }
  }
  return counts;
}

function emptyCounts() {
  return { passed: 0, failed: 0, skipped: 0, failures: [] };
}

function attribute(attributes, name) {
  const text = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? '';
  return text
    .replaceAll('&#10;', '\n')
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
