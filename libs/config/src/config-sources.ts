import { basename } from 'node:path';
import { ConfigError } from './config-errors.js';
import type { RawSetting } from './config-origin.js';
import type { Environment } from './environment.js';
import type { CommandLineSetting } from './command-line.js';
import { parseProperties, PropertiesSyntaxError } from './properties.js';

/** A file of settings that was read. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Settings of a file, the last one of a key that is written twice.
 * @throws {ConfigError} the text is not in properties syntax.
 */
export function settingsOfFile(file: ConfigFile, kind: 'file' | 'update' = 'file'): RawSetting[] {
  const name = basename(file.path);
  try {
    const byKey = new Map<string, RawSetting>();
    for (const { key, value, line } of parseProperties(file.text))
      byKey.set(key, { key, value, origin: { kind, text: `${name}:${line}` } });
    return [...byKey.values()];
  } catch (error) {
    if (!(error instanceof PropertiesSyntaxError)) throw error;
    const source = `${name}:${error.line}`;
    throw new ConfigError([{ key: 'syntax', value: undefined, source, why: error.message }]);
  }
}

/** Variables under our prefix that are no settings: Apache's scripts and our own switches use them. */
const OTHER_VARIABLES = new Set(['ROCKETMQ_HOME', 'ROCKETMQ_VERIFY', 'ROCKETMQ_VERSION']);
/** What Kubernetes puts into every container for a service whose name starts with `rocketmq`. */
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_\d+_(TCP|UDP)(_.*)?)$/;
const isServiceLink = (name: string, value: string): boolean =>
  SERVICE_LINK.test(name) || (name.endsWith('_PORT') && /^(tcp|udp):\/\//.test(value));

/** A variable that may be a setting. */
export interface EnvironmentSetting {
  readonly variable: string;
  readonly value: string;
}

/** Variables that start with `ROCKETMQ_` and are not known to be something else. Empty ones do not count. */
export function environmentSettings(environment: Environment): EnvironmentSetting[] {
  return Object.entries(environment)
    .filter(([name]) => name.startsWith('ROCKETMQ_') && !OTHER_VARIABLES.has(name))
    .flatMap(([variable, value]) => (value ? [{ variable, value }] : []))
    .filter(({ variable, value }) => !isServiceLink(variable, value));
}

/** Apache's `NAMESRV_ADDR`: weaker than the file, as in Apache. Source: rocketmq 5.x `BrokerConfig#namesrvAddr`. */
export function ambientSettings(environment: Environment): RawSetting[] {
  const value = environment['NAMESRV_ADDR'];
  return value
    ? [{ key: 'namesrvAddr', value, origin: { kind: 'ambient', text: 'environment NAMESRV_ADDR' } }]
    : [];
}

/** Settings of the command line. */
export const commandLineSettings = (settings: readonly CommandLineSetting[]): RawSetting[] =>
  settings.map(({ key, value, flag }) => ({
    key,
    value,
    origin: { kind: 'command-line', text: `command line ${flag}` },
  }));
