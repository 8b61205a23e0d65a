/** Tag of an op message. Source: rocketmq 5.5.0 `TransactionalMessageUtil#REMOVE_TAG`. */
export const OP_TAG = 'd';

/**
 * The next body of an op message: queue offsets of half messages that are done with, each followed by a comma.
 * @param from position in `queueOffsets` to begin at
 * @returns the body, and the position behind the last one that went in: at least one does
 * Source: rocketmq 5.5.0 `TransactionalMessageServiceImpl#getOpMessage`.
 */
export function opBody(
  queueOffsets: readonly number[],
  from: number,
  bytesMax: number,
): { readonly text: string; readonly next: number } {
  let text = '';
  let next = from;
  while (next < queueOffsets.length && text.length < bytesMax) text += `${queueOffsets[next++]},`;
  return { text, next };
}

/** The offsets in a body; what is no offset is left out. 4.x writes one without a comma. */
export function offsetsInOpBody(text: string): number[] {
  const queueOffsets: number[] = [];
  for (const piece of text.split(',')) {
    const queueOffset = piece === '' ? Number.NaN : Number(piece);
    if (Number.isSafeInteger(queueOffset) && queueOffset >= 0) queueOffsets.push(queueOffset);
  }
  return queueOffsets;
}
