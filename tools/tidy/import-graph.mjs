// Who may import whom (docs/architecture.md): one entry per layer, read from the `layer:` tag in a package's package.json.
// Checked against the import statements themselves, so that neither a path trick nor a missing dependency slips through.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const everyLayer = [
  'kernel',
  'platform',
  'protocol',
  'routing',
  'remoting',
  'storage',
  'replication',
  'client',
  'config',
  'filter',
  'nest',
  'broker',
];

/** Layer -> layers whose packages it may import. */
export const allowedLayers = {
  kernel: [],
  platform: ['kernel'],
  protocol: ['kernel'],
  routing: ['kernel', 'protocol'],
  remoting: ['kernel', 'protocol'],
  storage: ['kernel', 'protocol'],
  replication: ['kernel', 'protocol', 'storage'],
  client: ['kernel', 'protocol', 'remoting', 'routing'],
  config: ['kernel'],
  filter: ['kernel'],
  nest: ['kernel', 'protocol', 'remoting', 'config'],
  broker: [
    'kernel',
    'protocol',
    'filter',
    'routing',
    'remoting',
    'storage',
    'replication',
    'config',
    'nest',
  ],
  app: everyLayer,
  testing: everyLayer,
};

/** A package is imported by its name, or by a part of it that its `exports` name. */
const isPublic = (specifier, name, manifest) =>
  specifier === name || `.${specifier.slice(name.length)}` in (manifest.exports ?? {});

const mayUseTesting = (path) => /\.(spec|fuzz|bench)\.ts$|\/test\//.test(path);

/** @returns one line per import that breaks a layer, and per dependency that is listed but unused or used but unlisted. */
export function findImportFindings(root, files) {
  const findings = [];
  const packages = new Map();
  for (const path of files.filter((name) => /^(apps|libs)\/[^/]+\/package\.json$/.test(name))) {
    const manifest = JSON.parse(readFileSync(join(root, path), 'utf8'));
    const layer = (manifest.nx?.tags ?? [])
      .find((tag) => tag.startsWith('layer:'))
      ?.slice('layer:'.length);
    if (!layer || !(layer in allowedLayers))
      findings.push(
        `${path}: needs one nx tag "layer:…" out of ${Object.keys(allowedLayers).join(', ')}`,
      );
    packages.set(manifest.name, { folder: dirname(path), layer, manifest, used: new Set() });
  }
  const ownerOf = (path) =>
    [...packages.values()].find((entry) => path.startsWith(`${entry.folder}/`));

  for (const path of files.filter((name) => /^(apps|libs)\/.*\.ts$/.test(name))) {
    const owner = ownerOf(path);
    if (!owner) continue;
    const text = readFileSync(join(root, path), 'utf8');
    for (const [, specifier] of text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
      if (specifier.startsWith('.')) {
        const target = normalize(join(dirname(path), specifier));
        if (!target.startsWith(`${owner.folder}/`))
          findings.push(`${path}: reaches into another package by path (${specifier})`);
        else if (
          !existsSync(join(root, target)) &&
          !existsSync(join(root, target.replace(/\.js$/, '.ts')))
        ) {
          findings.push(`${path}: imports ${specifier}, which does not exist`);
        }
        continue;
      }
      if (!specifier.startsWith('@rocketmq-ts/')) continue;
      const name = specifier.split('/').slice(0, 2).join('/');
      const target = packages.get(name);
      if (!target)
        findings.push(`${path}: imports ${name}, which is no package of this repository`);
      else if (!isPublic(specifier, name, target.manifest))
        findings.push(`${path}: imports ${specifier}; only the public ${name} is importable`);
      else {
        owner.used.add(name);
        const inTest = mayUseTesting(path);
        if (target.layer === 'testing') {
          if (!inTest) findings.push(`${path}: ${name} is for tests alone`);
        } else if (
          target !== owner &&
          !inTest &&
          !allowedLayers[owner.layer]?.includes(target.layer)
        ) {
          findings.push(
            `${path}: layer ${owner.layer} may not import layer ${target.layer} (${name})`,
          );
        }
      }
    }
  }
  for (const { folder, manifest, used } of packages.values()) {
    const listed = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
      (name) => name.startsWith('@rocketmq-ts/'),
    );
    for (const name of used)
      if (!listed.includes(name) && name !== manifest.name)
        findings.push(`${folder}/package.json: uses ${name} without listing it`);
    for (const name of listed)
      if (!used.has(name))
        findings.push(`${folder}/package.json: lists ${name}, which it does not use`);
  }
  return findings;
}
