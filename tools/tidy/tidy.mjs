#!/usr/bin/env node
// The house rules that a linter does not know (docs/adr, CONTRIBUTING): layers of the import graph, names of files and
// folders, marks that hide problems, documents that name files which are not there. Prints one line per finding.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findImportFindings } from './import-graph.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const files = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '-z'],
  {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  },
)
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(root, path)));

const findings = [];
const report = (path, text) => findings.push(`${path}: ${text}`);
const read = (path) => readFileSync(join(root, path), 'utf8');

const isSource = (path) => /^(apps|libs|tools)\/.*\.(ts|mjs)$/.test(path);
const isTest = (path) => /\.(spec|fuzz|bench)\.ts$|\/test\/|^libs\/testing\//.test(path);
const vagueFolders = new Set([
  'utils',
  'util',
  'helpers',
  'common',
  'impl',
  'managers',
  'misc',
  'shared',
]);

for (const path of files.filter(isSource)) {
  const folders = path.split('/').slice(0, -1);
  const file = path.split('/').at(-1) ?? '';
  const vague = folders.find((folder) => vagueFolders.has(folder));
  if (vague) report(path, `folder "${vague}" says nothing: name the thing it holds`);
  if (!/^[a-z0-9]+([.-][a-z0-9]+)*\.(ts|mjs)$/.test(file))
    report(path, 'file names are kebab-case with a role suffix');

  const text = read(path);
  const rules = [
    [/\b(c8|istanbul|v8) ignore/, 'coverage marks hide what is not tested'],
    [/@ts-(ignore|nocheck)/, 'a type error is mended, not silenced'],
    [/\b(describe|it|test)\.(only|skip|todo)\(|\bx(it|describe)\(/, 'a test runs or is not there'],
    [/\bTODO\b(?!\(#\d+\))/, 'TODO names its issue: TODO(#12)'],
    [
      /catch\s*(\([^)]*\))?\s*\{\s*\}/,
      'an empty catch: say why the error does not matter, or rethrow it',
    ],
  ];
  if (path !== 'tools/tidy/tidy.mjs') {
    for (const [pattern, message] of rules) if (pattern.test(text)) report(path, message);
  }
  for (const line of text.split('\n')) {
    if (/eslint-disable/.test(line) && !/eslint-disable.*--\s*\S/.test(line))
      report(path, 'eslint-disable gives its reason after " -- "');
  }
  if (
    !isTest(path) &&
    path.endsWith('.ts') &&
    /\bclass \w*(Impl|Manager|Helper|Util|Utils)\b/.test(text)
  ) {
    report(path, 'class names carry no Impl, Manager, Helper or Util');
  }
}

for (const path of files.filter(
  (name) => name.endsWith('.md') && !name.startsWith('libs/protocol/test/golden/'),
)) {
  const prose = read(path).replace(/^```[\s\S]*?^```/gm, '');
  const headings = prose.match(/^# .+$/gm) ?? [];
  if (headings.length !== 1)
    report(path, `has ${headings.length} first-level headings, one is wanted`);
  for (const [, span] of prose.matchAll(/`([^`\n]+)`/g)) {
    if (!/^(apps|libs|tools|docs|bench|e2e|deploy)\/[\w./@-]+$/.test(span ?? '')) continue;
    if (/\/(dist|target|node_modules)(\/|$)/.test(span)) continue;
    if (!existsSync(join(root, span))) report(path, `names \`${span}\`, which does not exist`);
  }
  for (const [, target] of prose.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)]*)?\)/g)) {
    if (!existsSync(join(root, normalize(join(dirname(path), target)))))
      report(path, `links to ${target}, which does not exist`);
  }
}

const generatedLock = 'package-lock.json';
for (const path of files) {
  if (statSync(join(root, path)).size > 2_000_000) {
    report(path, 'larger than 2 MB');
    continue;
  }
  if (/\.(bin|png|jar|gz)$/.test(path) || path.startsWith('tools/tidy/')) continue;
  const text = read(path);
  if (path === generatedLock && text.includes('"resolved": "http'))
    report(path, 'the lock file names a registry');
  if (/https?:\/\/(registry|repo\d*|proxy|mirrors?|deb)\./.test(text))
    report(path, "names a registry's host");
  if (/(^|[\s"'`=(])\/(work|root|home\/\w+)\/[\w.]/m.test(text))
    report(path, 'holds a path of one machine');
}

findings.push(...findImportFindings(root, files));

for (const finding of findings) console.error(finding);
console.log(
  findings.length === 0
    ? `tidy: ${files.length} files, nothing to say`
    : `tidy: ${findings.length} finding(s)`,
);
process.exit(findings.length === 0 ? 0 : 1);
