const SEPARATOR = '@';
/** Last part of the name under which the offsets of a broadcasting group are kept. */
const BROADCAST = 'broadcast';

/** How far a group is in one queue. */
export interface GroupOffset {
  readonly group: string;
  readonly topic: string;
  readonly queueId: number;
  readonly queueOffset: number;
}

/**
 * The group under which Apache commits how far the slowest member of a broadcasting group is.
 * Source: rocketmq 5.5.0 `BroadcastOffsetManager#broadcastGroupId`.
 */
export const broadcastGroupOf = (group: string): string => group + SEPARATOR + BROADCAST;

/** Whether a name in the table stands for the members of a broadcasting group. */
export const isBroadcastGroup = (group: string): boolean => group.includes(SEPARATOR);

/** Under which a group's offsets in a topic are kept, here and in Apache's file. */
export const offsetKey = (topic: string, group: string): string => topic + SEPARATOR + group;

/** Topic and group of a key; neither name can hold the separator, so anything else is no key of ours. */
export function splitOffsetKey(
  key: string,
): [topic: string | undefined, group: string | undefined] {
  const [topic, group, ...rest] = key.split(SEPARATOR);
  if (topic === undefined || group === undefined || rest.length === 0) return [topic, group];
  const broadcasts = rest.length === 1 && rest[0] === BROADCAST;
  return broadcasts ? [topic, broadcastGroupOf(group)] : [undefined, undefined];
}
