import { describeError, type Disk, DurableFile } from '@rocketmq-ts/kernel';
import { ConfigError, type ConfigProblem } from './config-errors.js';
import type { ConfigGroup } from './config-key.decorator.js';
import { ORIGIN_KINDS, type RawSetting } from './config-origin.js';
import {
  ambientSettings,
  commandLineSettings,
  environmentSettings,
  settingsOfFile,
  type ConfigFile,
} from './config-sources.js';
import {
  helpText,
  parseCommandLine,
  type CommandLine,
  type FlagDeclaration,
} from './command-line.js';
import { processEnvironment, type Environment } from './environment.js';
import { judgeUnsupported } from './java-keys.js';
import { environmentName, KeyCatalogue } from './key-catalogue.js';
import { LoadedConfig } from './loaded-config.js';
import { printConfig } from './print-config.js';
import { RoleMarkerFile, settingsOfMarker } from './role-marker.js';

/** What `resolveConfig` merges. Everything but `groups` may be left out. */
export interface ConfigSources {
  readonly groups: readonly ConfigGroup[];
  /** Groups of our other programs: their variables in a shared environment are no mistakes. */
  readonly otherGroups?: readonly ConfigGroup[];
  readonly file?: ConfigFile | undefined;
  /** Settings that were changed over the wire in an earlier run. */
  readonly updates?: ConfigFile | undefined;
  readonly environment?: Environment;
  readonly commandLine?: Pick<CommandLine, 'settings'>;
  /** What a switch of masters has left in the store. */
  readonly marker?: readonly RawSetting[];
}

/**
 * Merges the sources: defaults < NAMESRV_ADDR < file < updates < environment < command line < marker.
 * @throws {ConfigError} with every unknown key, value out of bounds and broken relation that was found.
 */
export function resolveConfig(sources: ConfigSources): LoadedConfig {
  const catalogue = new KeyCatalogue(sources.groups);
  const environment = sources.environment ?? {};
  const problems: ConfigProblem[] = [];
  const without: RawSetting[] = [];
  const known: RawSetting[] = [];
  for (const setting of [
    ...ambientSettings(environment).filter(({ key }) => catalogue.find(key)),
    ...(sources.file ? settingsOfFile(sources.file) : []),
    ...(sources.updates ? settingsOfFile(sources.updates, 'update') : []),
    ...readEnvironment(catalogue, environment, sources.otherGroups ?? [], problems),
    ...commandLineSettings(sources.commandLine?.settings ?? []),
    ...(sources.marker ?? []),
  ]) {
    if (catalogue.find(setting.key)) known.push(setting);
    else sortOut(catalogue, setting, problems, without);
  }
  problems.push(...contradictions(catalogue, known));
  try {
    const config = new LoadedConfig(catalogue, known, warningsFor(without));
    if (problems.length === 0) return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
  }
  throw new ConfigError(problems);
}

/** Decides what becomes of a key that no group declares. */
function sortOut(
  catalogue: KeyCatalogue,
  setting: RawSetting,
  problems: ConfigProblem[],
  without: RawSetting[],
): void {
  const { key, value, origin } = setting;
  const verdict = judgeUnsupported(key, value);
  if (verdict.kind === 'default') return;
  if (verdict.kind === 'without-effect') without.push(setting);
  else if (verdict.kind === 'refused')
    problems.push({ key, value, source: origin.text, why: verdict.why });
  else problems.push(unknownKey(key, origin.text, catalogue.nearest(key)));
}

const unknownKey = (key: string, source: string, nearest: string | undefined): ConfigProblem => ({
  key,
  value: undefined,
  source,
  why: `is not known${nearest === undefined ? '' : `; the nearest known key is ${nearest}`}`,
});

/** Turns variables into settings; one that no program of ours knows is a mistake. */
function readEnvironment(
  catalogue: KeyCatalogue,
  environment: Environment,
  otherGroups: readonly ConfigGroup[],
  problems: ConfigProblem[],
): RawSetting[] {
  const others = otherGroups
    .filter((group) => !catalogue.groups.includes(group))
    .map((group) => new KeyCatalogue([group]));
  return environmentSettings(environment).flatMap(({ variable, value }) => {
    const found = catalogue.findVariable(variable);
    const source = `environment ${variable}`;
    if (found) {
      const key = found.alias?.key ?? found.declaration.name;
      return [{ key, value, origin: { kind: 'environment' as const, text: source } }];
    }
    if (!others.some((other) => other.findVariable(variable))) {
      const camel = variable
        .slice('ROCKETMQ_'.length)
        .toLowerCase()
        .replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
      const nearest = catalogue.nearest(camel);
      const hint = nearest === undefined ? undefined : environmentName(nearest);
      problems.push(unknownKey(variable, 'environment', hint));
    }
    return [];
  });
}

/** One source that sets a key by our name and by Apache's, to two values: nobody could say which one counts. */
function contradictions(catalogue: KeyCatalogue, settings: readonly RawSetting[]): ConfigProblem[] {
  const seen = new Map<string, RawSetting>();
  return settings.flatMap((setting) => {
    const place = `${setting.origin.kind} ${catalogue.find(setting.key)!.declaration.name}`;
    const earlier = seen.get(place);
    seen.set(place, setting);
    return earlier && earlier.key !== setting.key && earlier.value !== setting.value
      ? [
          {
            key: setting.key,
            value: undefined,
            source: setting.origin.text,
            why: `and ${earlier.key} (${earlier.origin.text}) are the same setting with two values`,
          },
        ]
      : [];
  });
}

function warningsFor(without: readonly RawSetting[]): string[] {
  if (without.length === 0) return [];
  const kinds = ORIGIN_KINDS.filter((kind) => without.some(({ origin }) => origin.kind === kind));
  const keys = [...new Set(without.map(({ key }) => key))].sort();
  return [`keys of Apache without effect here (${kinds.join(', ')}): ${keys.join(', ')}`];
}

/** What a program gives `loadConfig`. */
export interface ProgramConfig {
  /** As it is started, e.g. `mqnamesrv`. */
  readonly program: string;
  /** One line for the help. */
  readonly summary: string;
  readonly groups: readonly ConfigGroup[];
  readonly otherGroups?: readonly ConfigGroup[];
  readonly flags?: readonly FlagDeclaration[];
  readonly argv: readonly string[];
  readonly disk: Disk;
  readonly environment?: Environment;
  /** Where `config-updates.ts` keeps what is changed over the wire; follows from the other settings. */
  readonly updatesPath?: (config: LoadedConfig) => string;
  /** Folder of the store whose marker may outrank the role; follows from the other settings. */
  readonly markedStore?: (config: LoadedConfig) => string;
}

/** Either a configuration to run with, or a text to print before ending with exit code 0. */
export type ConfigOutcome =
  | { readonly kind: 'run'; readonly config: LoadedConfig }
  | { readonly kind: 'print'; readonly text: string };

/**
 * Reads flags, file, environment and updates of a program that starts.
 * @throws {ConfigError} anything in them is wrong, or the file cannot be read.
 */
export async function loadConfig(program: ProgramConfig): Promise<ConfigOutcome> {
  const commandLine = parseCommandLine(program.argv, program.flags);
  if (commandLine.help)
    return { kind: 'print', text: helpText(program.program, program.summary, program.flags) };
  const sources: ConfigSources = {
    groups: program.groups,
    otherGroups: program.otherGroups ?? [],
    file: await readConfigFile(program.disk, commandLine.configFile),
    environment: program.environment ?? processEnvironment(),
    commandLine,
  };
  const settled = resolveConfig(sources);
  const updates = await readUpdates(program.disk, program.updatesPath?.(settled));
  const marker = await readMarker(program.disk, program.markedStore?.(settled));
  const config = updates || marker ? resolveConfig({ ...sources, updates, ...marker }) : settled;
  return commandLine.printConfig
    ? { kind: 'print', text: printConfig(config) }
    : { kind: 'run', config };
}

async function readConfigFile(
  disk: Disk,
  path: string | undefined,
): Promise<ConfigFile | undefined> {
  if (path === undefined) return undefined;
  const why = await disk.readFile(path).then(
    (bytes) => (bytes ? { path, text: bytes.toString('utf8') } : 'does not exist'),
    (error: unknown) => `cannot be read: ${describeError(error)}`,
  );
  if (typeof why !== 'string') return why;
  throw new ConfigError([{ key: path, value: undefined, source: 'command line -c', why }]);
}

async function readUpdates(disk: Disk, path: string | undefined): Promise<ConfigFile | undefined> {
  if (path === undefined) return undefined;
  const content = await new DurableFile(disk, path).load((bytes) => bytes.toString('utf8'));
  return content && { path: content.path, text: content.value };
}

async function readMarker(
  disk: Disk,
  storePath: string | undefined,
): Promise<Pick<ConfigSources, 'marker'> | undefined> {
  if (storePath === undefined) return undefined;
  const file = new RoleMarkerFile(disk, storePath);
  const marker = settingsOfMarker(await file.load(), file.path);
  return marker.length === 0 ? undefined : { marker };
}
