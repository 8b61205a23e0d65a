/**
 * The `version` field of a frame: the ordinal of a release in Apache's append-only list, two per release.
 * The named ones are those that some behaviour depends on.
 * Source: rocketmq 5.5.0 `MQVersion.Version`.
 */
export const PeerVersion = {
  V3_0_7_SNAPSHOT: 28,
  V3_0_11: 37,
  V3_1_8_SNAPSHOT: 62,
  V3_4_9: 121,
  V4_1_0_SNAPSHOT: 232,
  V4_9_3: 399,
  V4_9_4: 401,
  V5_0_0: 413,
  V5_3_1: 475,
  V5_5_0: 513,
} as const;

/** What this implementation says of itself: it follows Apache's 5.5.0. */
export const CURRENT_VERSION: number = PeerVersion.V5_5_0;

/**
 * The `language` field: its number travels in the binary header, its name in the JSON header.
 * Source: rocketmq 5.5.0 `LanguageCode`.
 */
export const LanguageCode = {
  JAVA: 0,
  CPP: 1,
  DOTNET: 2,
  PYTHON: 3,
  DELPHI: 4,
  ERLANG: 5,
  RUBY: 6,
  OTHER: 7,
  HTTP: 8,
  GO: 9,
  PHP: 10,
  OMS: 11,
  RUST: 12,
  NODE_JS: 13,
} as const;

const languageNames = Object.keys(LanguageCode);
const languageCodes = new Map<string, number>(Object.entries(LanguageCode));

/** `JAVA`, `GO`, …; `OTHER` for a number that Apache's list does not have. */
export const languageName = (code: number): string => languageNames[code] ?? 'OTHER';

/** The number of a language's name; `OTHER` where the name is unknown. */
export const languageCodeOf = (name: string): number =>
  languageCodes.get(name) ?? LanguageCode.OTHER;
