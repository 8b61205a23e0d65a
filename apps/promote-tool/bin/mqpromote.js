#!/usr/bin/env node
// Runs the bundle; `npm run build` makes it.
import { existsSync } from 'node:fs';

const bundle = new URL('../dist/main.js', import.meta.url);
if (existsSync(bundle)) await import(bundle.href);
else {
  console.error('mqpromote is not built yet: run "npm run build" in the repository.');
  process.exitCode = 1;
}
