import { JAVA_KEYS } from './java-keys.generated.js';

/** A key that Apache's classes have. */
export interface JavaKey {
  readonly key: string;
  /** Simple name of the class that declares it, or where else it is known from. */
  readonly from: string;
  /** Apache's default as text; empty where there is none. */
  readonly defaultText: string;
}

/**
 * Keys that files in the field carry although 5.5.0 does not read them: fields of 4.9.8, the misspelt names of 3.x,
 * and names from often-copied examples that no release ever read.
 */
const LEFTOVER_KEYS = [
  'abortFile',
  'brokerConfigPaths',
  'checkTransactionMessageEnable',
  'commercialBigCount',
  'commercialEnable',
  'commercialTimerCount',
  'commercialTransCount',
  'filterServerNums',
  'haSlaveFallbehindMax',
  'isEnableBatchPush',
  'mapedFileSizeCommitLog',
  'mapedFileSizeConsumeQueue',
  'maxDelayTime',
  'rmqAddressServerDomain',
  'rmqAddressServerSubGroup',
  'storeCheckpoint',
  'storePathConsumeQueue',
  'storePathIndex',
] as const;

const ACCESS =
  'asks for access control, which this version does not have; without it everything would be open';

/** Keys whose non-default values promise something that is missing here: starting without it would be dishonest. */
const REFUSED_KEYS: ReadonlyMap<string, string> = new Map([
  ['aclEnable', ACCESS],
  ['authenticationEnabled', ACCESS],
  ['authorizationEnabled', ACCESS],
  ['useTLS', 'asks for TLS, which this version does not have'],
  ['enableDLegerCommitLog', 'asks for a replicated DLedger log, which this version does not have'],
  [
    'enableControllerMode',
    'asks for switching masters by a controller, which this version does not have',
  ],
  [
    'enableSlaveActingMaster',
    'asks for slaves that act as masters; here a slave becomes master by a command (mqpromote)',
  ],
  [
    'haFlowControlEnable',
    'asks for a limit on what slaves are sent, which this version does not have',
  ],
  ['enableControllerInNamesrv', 'asks for a controller, which this version does not have'],
  ['storeType', 'asks for another kind of store than Apache’s default files'],
  ['messageStorePlugIn', 'asks for a plug-in of Apache’s store, which only runs in Java'],
]);

let javaKeys: ReadonlyMap<string, JavaKey> | undefined;

/** All of Apache's keys by name. Built on first use: most starts never need it. */
export function allJavaKeys(): ReadonlyMap<string, JavaKey> {
  javaKeys ??= new Map(
    [
      ...JAVA_KEYS.trim().split('\n').map(parseLine),
      ...LEFTOVER_KEYS.map((key) => ({ key, from: 'older releases', defaultText: '' })),
    ].map((javaKey) => [javaKey.key, javaKey]),
  );
  return javaKeys;
}

function parseLine(line: string): JavaKey {
  const [key = '', from = ''] = line.split(' ', 2);
  return { key, from, defaultText: line.slice(key.length + from.length + 2) };
}

/** What becomes of a key of Apache's that no group of ours declares. */
export type UnsupportedVerdict =
  | { readonly kind: 'unknown' }
  /** It says what Apache does anyway, or what changes nothing: not worth a word. */
  | { readonly kind: 'default' }
  | { readonly kind: 'without-effect' }
  | { readonly kind: 'refused'; readonly why: string };

/** Judges a setting that no group declares. */
export function judgeUnsupported(key: string, text: string): UnsupportedVerdict {
  const javaKey = allJavaKeys().get(key);
  if (!javaKey) return { kind: 'unknown' };
  const value = text.trim();
  if (value.toLowerCase() === javaKey.defaultText.toLowerCase()) return { kind: 'default' };
  const why = REFUSED_KEYS.get(key);
  return why === undefined ? { kind: 'without-effect' } : { kind: 'refused', why };
}
