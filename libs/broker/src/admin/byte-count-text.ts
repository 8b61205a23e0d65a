const PREFIXES = 'KMGTPE';

/** A count of bytes for people, as `1.5 GiB`. Source: rocketmq 5.5.0 `MixAll#humanReadableByteCount`. */
export function byteCountText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  const exponent = Math.min(PREFIXES.length, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1_024 ** exponent).toFixed(1)} ${PREFIXES[exponent - 1]}iB`;
}
