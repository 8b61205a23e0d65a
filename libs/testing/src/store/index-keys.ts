import { javaHashCode } from '@rocketmq-ts/kernel';
import type { IndexKeys } from '@rocketmq-ts/storage';

/** What the index wants to know of a message with these properties. */
export const indexKeysOf = (uniqKey = '', keys?: string, tags = ''): IndexKeys => ({
  uniqKeyHash: javaHashCode(uniqKey),
  uniqKeyLength: uniqKey.length,
  keys,
  tagsHash: javaHashCode(tags),
  tagsLength: tags.length,
});
