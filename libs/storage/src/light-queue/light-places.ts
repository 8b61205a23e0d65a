/** Names of light queues begin so. Source: rocketmq 5.5.0 `MixAll#LMQ_PREFIX`. */
const LIGHT_PREFIX = '%LMQ%';
/** A light queue has one queue. Source: rocketmq 5.5.0 `MixAll#LMQ_QUEUE_ID`. */
export const LIGHT_QUEUE_ID = 0;
/** Between the names, and between the offsets. Source: rocketmq 5.5.0 `MixAll#LMQ_DISPATCH_SEPARATOR`. */
const SEPARATOR = ',';
/** Longest name in UTF-8: it is the name of a directory. */
const NAME_BYTES_MAX = 255;
const OFFSET = /^[0-9]{1,15}$/;
/** Topics whose messages are in no light queue: they are on their way to another topic, or nobody's. */
const EXCLUDED_PREFIXES = ['%RETRY%', 'rmq_sys_', 'RMQ_SYS_', 'SCHEDULE_TOPIC_XXXX'];

/** A place that a message has in a light queue. */
export interface LightPlace {
  /** Name of the light queue, `%LMQ%…`. */
  readonly name: string;
  readonly queueOffset: number;
}

/** Whether the topic is the name of a light queue. */
export const isLightQueue = (topic: string): boolean => topic.startsWith(LIGHT_PREFIX);

/**
 * Whether messages of a topic may also stand in light queues. Apache lets half messages of transactions in, which then
 * can be read before they are committed; ours wait.
 * Source: rocketmq 5.5.0 `MixAll#topicAllowsLMQ`.
 */
export const mayBeLight = (topic: string): boolean =>
  !EXCLUDED_PREFIXES.some((prefix) => topic.startsWith(prefix));

/** The names in a property INNER_MULTI_DISPATCH, in order; undefined at places that name no light queue, or one again. */
export function lightNames(text: string): (string | undefined)[] {
  const seen = new Set<string>();
  return text.split(SEPARATOR).map((name) => {
    if (!isUsable(name) || seen.has(name)) return undefined;
    seen.add(name);
    return name;
  });
}

/** The property INNER_MULTI_QUEUE_OFFSET: an offset for each name, nothing where there is none. */
export const offsetsText = (offsets: readonly (number | undefined)[]): string =>
  offsets.map((offset) => (offset === undefined ? '' : String(offset))).join(SEPARATOR);

/** The places that the two properties of a stored message tell of. */
export function lightPlaces(topic: string, namesText: string, offsets: string): LightPlace[] {
  if (!mayBeLight(topic)) return [];
  const names = lightNames(namesText);
  const texts = offsets.split(SEPARATOR);
  if (names.length !== texts.length) return [];
  const places: LightPlace[] = [];
  names.forEach((name, i) => {
    const text = texts[i]!;
    if (name !== undefined && OFFSET.test(text)) places.push({ name, queueOffset: Number(text) });
  });
  return places;
}

function isUsable(name: string): boolean {
  return (
    isLightQueue(name) &&
    name.length > LIGHT_PREFIX.length &&
    !name.includes('/') &&
    !name.includes('\u0000') &&
    Buffer.byteLength(name) <= NAME_BYTES_MAX
  );
}
