#!/usr/bin/env node
// Starts the nameserver from its build. It stays plain JavaScript so that it also runs, and explains itself, before there is one.
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';

// A nameserver has little to do and little to keep: its young generation stays at the size it begins with (3 MB less).
setFlagsFromString('--semi-space-growth-factor=1');
// Functions are compiled to the last when they have run eight times as often as usual. None is so by the start alone,
// which saves the compiler's own 3.5 MB until there is real work. Node 22 has no such flag any more.
if (process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=1056000');

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
if (existsSync(main)) {
  await import(pathToFileURL(main).href);
} else {
  process.stderr.write('mqnamesrv is not built yet; run "npm run build" in the repository.\n');
  process.exitCode = 1;
}
