#!/usr/bin/env node
// Adds to package-lock.json the packages of other platforms that a registry did not have when the file was made.
//
// Native tools (SWC, esbuild, Nx) list one optional package per platform. `npm ci` refuses a lock file that does not name all of
// them, also those it would never install here. Run it after `npm install`; it changes nothing when nothing is missing.
import { readFileSync, writeFileSync } from 'node:fs';

const path = new URL('../../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));

const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const processors = [
  'arm64',
  'arm',
  'x64',
  'ia32',
  'ppc64',
  's390x',
  'riscv64',
  'loong64',
  'mips64el',
  'wasm32',
];

/** Reads system and processor out of a name such as `@swc/core-darwin-arm64`; undefined where there are none. */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = systems.find((system) => words.includes(system));
  const cpu = processors.find(
    (processor) => words.includes(processor) || words.some((word) => word.startsWith(processor)),
  );
  if (name === 'fsevents') return { os: ['darwin'] };
  if (os === undefined && cpu !== 'wasm32') return undefined;
  return { ...(os ? { os: [os] } : {}), ...(cpu ? { cpu: [cpu] } : {}) };
}

let added = 0;
for (const [place, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    if (`node_modules/${name}` in lock.packages || `${place}/node_modules/${name}` in lock.packages)
      continue;
    const platform = platformOf(name);
    if (!platform) {
      console.error(`${name}, optional for ${place}, is missing and names no platform`);
      process.exitCode = 1;
      continue;
    }
    const version = range.replace(/^[~^]/, '');
    lock.packages[`node_modules/${name}`] = {
      version,
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      ...platform,
    };
    added++;
  }
}
if (added > 0) {
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
  lock.packages = Object.fromEntries(sorted);
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
}
console.log(`${added} optional package(s) of other platforms added to the lock file`);
