import { ConfigError } from './config-errors.js';

/** A flag that is not a setting of its own. */
export interface FlagDeclaration {
  /** One letter, as Apache's. */
  readonly short: string;
  readonly long: string;
  /** Further long names, e.g. Apache's. */
  readonly aliases?: readonly string[];
  /** What stands for its value in the help; undefined: it takes none. */
  readonly valueName?: string;
  /** The setting that its value goes to. */
  readonly key?: string;
  readonly doc: string;
}

const CONFIG_FILE: FlagDeclaration = {
  short: 'c',
  long: 'config',
  aliases: ['configFile'],
  valueName: 'file',
  doc: 'Read settings from this file (Java properties syntax).',
};
const PRINT_CONFIG: FlagDeclaration = {
  short: 'p',
  long: 'print-config',
  aliases: ['printConfigItem', 'printImportantConfig', 'm'],
  doc: 'Print every setting, its value and where it came from, and end.',
};
const HELP: FlagDeclaration = { short: 'h', long: 'help', doc: 'Print this text and end.' };
/** `-n`, as Apache's `mqbroker` and `mqnamesrv` have it. */
export const NAMESERVER_FLAG: FlagDeclaration = {
  short: 'n',
  long: 'namesrvAddr',
  valueName: 'host:port;…',
  key: 'namesrvAddr',
  doc: 'Nameservers to register with, all of them.',
};

/** A setting given on the command line. */
export interface CommandLineSetting {
  readonly key: string;
  readonly value: string;
  /** As it was typed, e.g. `-n` or `--listenPort`. */
  readonly flag: string;
}

/** What was typed. */
export interface CommandLine {
  readonly help: boolean;
  readonly printConfig: boolean;
  readonly configFile: string | undefined;
  readonly settings: readonly CommandLineSetting[];
}

/**
 * Reads `-c file`, `-p`, `-h`, the program's own flags, and `--<setting> value` or `--<setting>=value` for every setting.
 * @throws {ConfigError} a value is missing, a flag is unknown, or a word stands alone.
 */
export function parseCommandLine(
  argv: readonly string[],
  flags: readonly FlagDeclaration[] = [],
): CommandLine {
  const declared = [CONFIG_FILE, PRINT_CONFIG, HELP, ...flags];
  const given = new Map<FlagDeclaration, string>();
  const settings: CommandLineSetting[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    const [name, inlineValue] = splitWord(word);
    const flag = declared.find((candidate) => matches(candidate, name));
    if (flag?.valueName === undefined && flag) {
      given.set(flag, '');
      continue;
    }
    if (!flag && !name.startsWith('--')) throw unexpected(word, declared);
    const value = inlineValue ?? argv[++i];
    if (value === undefined) throw problem(name, 'wants a value behind it');
    const key = flag ? flag.key : name.slice(2);
    if (key === undefined) given.set(flag!, value);
    else settings.push({ key, value, flag: name });
  }
  return {
    help: given.has(HELP),
    printConfig: given.has(PRINT_CONFIG),
    configFile: given.get(CONFIG_FILE),
    settings,
  };
}

function splitWord(word: string): [string, string | undefined] {
  const equals = word.startsWith('--') ? word.indexOf('=') : -1;
  return equals < 0 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
}

const matches = ({ short, long, aliases = [] }: FlagDeclaration, name: string): boolean =>
  name === `-${short}` ||
  [long, ...aliases].some((candidate) => name === `--${candidate}` || name === `-${candidate}`);

const problem = (key: string, why: string): ConfigError =>
  new ConfigError([{ key, value: undefined, source: 'command line', why }]);

const unexpected = (word: string, declared: readonly FlagDeclaration[]): ConfigError =>
  problem(
    word,
    `is not known; flags are ${declared.map(({ short }) => `-${short}`).join(', ')} and --<setting>=<value>`,
  );

/** Text for `-h`. */
export function helpText(
  program: string,
  summary: string,
  flags: readonly FlagDeclaration[] = [],
): string {
  const rows: [string, string][] = [CONFIG_FILE, ...flags, PRINT_CONFIG, HELP].map(
    ({ short, long, valueName, doc }) => [
      `  -${short}, --${long}${valueName === undefined ? '' : ` <${valueName}>`}`,
      doc,
    ],
  );
  rows.push([
    '  --<setting>=<value>',
    'Set any setting that -p lists; wins over file and environment.',
  ]);
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return [
    `${program}: ${summary}`,
    '',
    `Usage: ${program} [flags]`,
    '',
    ...rows.map(([left, doc]) => `${left.padEnd(width)}${doc}`),
    '',
    'Settings come from, later ones win: defaults, the file, the environment (ROCKETMQ_LISTEN_PORT for listenPort),',
    'the command line. Apache RocketMQ’s keys are accepted.',
    '',
  ].join('\n');
}
