#!/usr/bin/env node
// Starts the slave from its build. It stays plain JavaScript so that it also runs, and explains itself, before there is one.
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
if (existsSync(main)) {
  await import(pathToFileURL(main).href);
} else {
  process.stderr.write('mqbroker-slave is not built yet; run "npm run build" in the repository.\n');
  process.exitCode = 1;
}
