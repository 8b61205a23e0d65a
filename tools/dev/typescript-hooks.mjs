// Loader hooks: the packages of this repository resolve to their sources, `./x.js` to `./x.ts`, SWC compiles on the way.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

const swcConfig = JSON.parse(readFileSync(new URL('../../.swcrc', import.meta.url), 'utf8'));

/** Whether it is one of our sources; a query makes a module run once more. */
const isSource = (url) => /^file:.*\.ts(\?|$)/.test(url ?? '');

export function resolve(specifier, context, next) {
  const conditions = ['@rocketmq-ts/source', ...context.conditions];
  if (specifier.startsWith('.') && specifier.endsWith('.js') && isSource(context.parentURL)) {
    const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(source)) return { url: source.href, shortCircuit: true };
  }
  return next(specifier, { ...context, conditions });
}

export function load(url, context, next) {
  if (!isSource(url)) return next(url, context);
  const filename = fileURLToPath(url);
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    ...swcConfig,
    filename,
    sourceMaps: 'inline',
    swcrc: false,
    configFile: false,
  });
  return { format: 'module', source: code, shortCircuit: true };
}
