import { Perm } from '@rocketmq-ts/protocol';

export const isReadable = (perm: number): boolean => (perm & Perm.READ) !== 0;
export const isWritable = (perm: number): boolean => (perm & Perm.WRITE) !== 0;
/** Whether topics may be created after the pattern of this one. */
export const isInherited = (perm: number): boolean => (perm & Perm.INHERIT) !== 0;
/** Whether an operator may set `perm`; the priority bit is not his. Source: rocketmq 5.x `PermName#isValid`. */
export const isValidPermission = (perm: number): boolean => perm >= 0 && perm < Perm.PRIORITY;
