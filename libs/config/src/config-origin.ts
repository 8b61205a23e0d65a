/** Which source a value was taken from; a later one in this list wins over an earlier one. */
export const ORIGIN_KINDS = [
  'default',
  'ambient',
  'file',
  'update',
  'environment',
  'command-line',
  'marker',
] as const;
export type OriginKind = (typeof ORIGIN_KINDS)[number];

/**
 * Where a value came from. `ambient` is Apache's own variable `NAMESRV_ADDR`, which its file overrides; `update` is a
 * change made over the wire while the process ran; `marker` is the role that a switch of masters has left.
 */
export interface ConfigOrigin {
  readonly kind: OriginKind;
  /** For people: `default`, `broker.conf:12`, `environment ROCKETMQ_LISTEN_PORT`, `command line -n`. */
  readonly text: string;
}

/** Nobody set it. */
export const DEFAULT_ORIGIN: ConfigOrigin = { kind: 'default', text: 'default' };

/** A setting as a source gives it, before anything is known about its key. */
export interface RawSetting {
  readonly key: string;
  readonly value: string;
  readonly origin: ConfigOrigin;
}
