#!/usr/bin/env node
// Builds what people run: every app as one bundle with plain Node, nothing to resolve at start.
//
// SWC compiles a source file (it emits the decorator metadata that Nest's injection reads), esbuild follows the imports
// and joins the files. Bundling is what makes a start in a fraction of a second possible: an unbundled Nest loads some
// 700 files. `node tools/build/build.mjs [app …] [--if-stale] [--readable]`;
// `--readable` keeps lines apart, for profiles.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const options = process.argv.slice(2).filter((word) => word.startsWith('--'));
const named = process.argv.slice(2).filter((word) => !word.startsWith('--'));

/** Packages that Nest asks for with `require` only where an application uses them: left out of the bundle. */
const optionalOfNest = [
  '@grpc/grpc-js',
  '@grpc/proto-loader',
  '@nestjs/websockets',
  '@nestjs/websockets/socket-module',
  'amqp-connection-manager',
  'amqplib',
  'ioredis',
  'kafkajs',
  'mqtt',
  'nats',
  '@nats-io/transport-node',
  '@nestjs/platform-fastify',
  'class-transformer/storage',
];

const apps = readdirSync(join(root, 'apps'), { withFileTypes: true })
  .filter(
    (entry) => entry.isDirectory() && existsSync(join(root, 'apps', entry.name, 'src', 'main.ts')),
  )
  .map((entry) => entry.name)
  .filter((name) => named.length === 0 || named.includes(name));

/** Newest change of anything that goes into a bundle, in ms since 1970. */
function newestSourceMs(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!['node_modules', 'dist', 'test'].includes(entry.name))
        newest = Math.max(newest, newestSourceMs(path));
    } else if (/\.(ts|json|mjs)$/.test(entry.name))
      newest = Math.max(newest, statSync(path).mtimeMs);
  }
  return newest;
}

if (options.includes('--if-stale')) {
  const sourcesMs = Math.max(
    ...['apps', 'libs', 'tools/build'].map((folder) => newestSourceMs(join(root, folder))),
  );
  const bundles = apps.map((name) => join(root, 'apps', name, 'dist', 'main.js'));
  if (bundles.every((path) => existsSync(path) && statSync(path).mtimeMs > sourcesMs))
    process.exit(0);
}

const [{ build }, { transform }] = await Promise.all([import('esbuild'), import('@swc/core')]);
const swcConfig = JSON.parse(readFileSync(join(root, '.swcrc'), 'utf8'));

const swcPlugin = {
  name: 'swc',
  setup(hooks) {
    hooks.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, 'utf8'), {
        ...swcConfig,
        filename: path,
        sourceMaps: 'inline',
        swcrc: false,
        configFile: false,
      });
      return { contents: code, loader: 'js' };
    });
  },
};

/**
 * Parts of libraries that no service uses, yet a megabyte to parse at each start: phone numbers (a class-validator rule), file
 * uploads (Express) and the tables of East Asian character sets (request bodies). Whoever does use one gets a clear error.
 */
const unusedParts = {
  name: 'unused-parts',
  setup(hooks) {
    hooks.onResolve({ filter: /^(libphonenumber-js(\/.*)?|multer)$/ }, ({ path }) => ({
      path,
      namespace: 'unused',
    }));
    // Nest looks for its HTTP server and for what its validation pipe needs. A service that has either imports it itself
    // (`new ExpressAdapter()`); for the others the whole of class-validator and Express would be loaded at each start.
    hooks.onResolve(
      { filter: /^(class-validator|class-transformer|@nestjs\/platform-express)$/ },
      ({ path, importer }) =>
        /node_modules[\\/]@nestjs[\\/]/.test(importer) ? { path, external: true } : undefined,
    );
    hooks.onLoad({ filter: /iconv-lite[\\/]encodings[\\/]tables[\\/]/ }, () => ({
      contents: '[]',
      loader: 'json',
    }));
    hooks.onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, { get(_, name) { if (name === '__esModule') return false; return () => { throw new Error('${path} is left out of this build (tools/build/build.mjs)'); }; } });`,
      loader: 'js',
    }));
  },
};

/**
 * Nest's own console logger, which the services replace, makes a date formatter when it is loaded: 9 MB of the tables of
 * all languages, and 17 ms of each start. In the bundle it writes ISO dates.
 */
const plainNestDates = {
  name: 'plain-nest-dates',
  setup(hooks) {
    const filter = /@nestjs[\\/]common[\\/]services[\\/](console-)?logger\.service\.js$/;
    hooks.onLoad({ filter }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const contents = text.replace(
        /new Intl\.DateTimeFormat\([^)]*\)/,
        '{ format: (date) => new Date(date).toISOString() }',
      );
      if (contents === text) throw new Error(`${path} makes no date formatter any more`);
      return { contents, loader: 'js' };
    });
  },
};

const started = performance.now();
for (const app of apps) {
  const outfile = join(root, 'apps', app, 'dist', 'main.js');
  await build({
    absWorkingDir: root,
    entryPoints: [join('apps', app, 'src', 'main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@rocketmq-ts/source'],
    plugins: [unusedParts, plainNestDates, swcPlugin],
    // The ES module forms lose what is not used; class-validator and RxJS shrink to a fraction.
    mainFields: ['module', 'main'],
    alias: {
      // Their `exports` prefer CommonJS in Node, which comes as a whole.
      rxjs: join(root, 'node_modules/rxjs/dist/esm/index.js'),
      'rxjs/operators': join(root, 'node_modules/rxjs/dist/esm/operators/index.js'),
      'class-validator': join(root, 'node_modules/class-validator/esm2015/index.js'),
    },
    minifyWhitespace: !options.includes('--readable'),
    minifySyntax: !options.includes('--readable'),
    external: optionalOfNest,
    sourcemap: 'linked',
    sourcesContent: false,
    keepNames: true,
    legalComments: 'none',
    logLevel: 'error',
    // CommonJS packages inside an ESM bundle still call `require` for Node's own modules.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
  console.log(`built ${relative(root, outfile)}`);
}
console.log(`${apps.length} app(s) in ${((performance.now() - started) / 1000).toFixed(1)} s`);
