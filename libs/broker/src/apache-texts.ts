/**
 * Pieces of remarks that clients and people know from Apache's broker. Where a code has a well-known text, ours is the
 * same, so that what is written about it on the web still helps.
 * Source: rocketmq 5.x `FAQUrl#suggestTodo`.
 */
const FAQ = 'https://rocketmq.apache.org/docs/bestPractice/06FAQ';

/** The pointer that Apache puts behind some remarks. */
export const SEE_FAQ = `\nSee ${FAQ} for further details.`;

export const topicMissing = (topic: string): string =>
  `topic[${topic}] not exist, apply first please!${SEE_FAQ}`;
