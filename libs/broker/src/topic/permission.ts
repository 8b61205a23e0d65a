/**
 * Permission bits of a topic, and of a whole broker.
 * Source: rocketmq 5.x `PermName`.
 */
export const Permission = {
  PRIORITY: 8,
  READ: 4,
  WRITE: 2,
  INHERIT: 1,
} as const;

export const isReadable = (perm: number): boolean => (perm & Permission.READ) !== 0;
export const isWritable = (perm: number): boolean => (perm & Permission.WRITE) !== 0;
/** Whether topics may be created after the pattern of this one. */
export const isInherited = (perm: number): boolean => (perm & Permission.INHERIT) !== 0;
/** Whether an operator may set `perm`; the priority bit is not his. Source: rocketmq 5.x `PermName#isValid`. */
export const isValidPermission = (perm: number): boolean => perm >= 0 && perm < Permission.PRIORITY;

/** Bits of a topic's sys flag. Source: rocketmq 5.x `TopicSysFlag`. */
export const TopicSysFlag = { UNIT: 1, UNIT_SUB: 2 } as const;
