/** One queue to look into. */
export interface PopStep {
  readonly topic: string;
  readonly queueId: number;
  readonly retry: boolean;
}

/** What the order of a pop depends on. */
export interface PopPlanFacts {
  readonly topic: string;
  /** Queue asked for; negative: all. */
  readonly queueId: number;
  readonly readQueueCount: number;
  readonly ordered: boolean;
  /** Pop retry topics there are, the preferred form first. */
  readonly retryTopics: readonly { readonly topic: string; readonly readQueueCount: number }[];
  /** 0…99, by chance: below `retryPercent` messages that come again are looked for first. */
  readonly dice: number;
  readonly retryPercent: number;
}

/**
 * In which order a pop looks into queues: it begins at a queue by chance, so that many clients meet seldom; the pop retry
 * topic comes before the topic now and then, else after it. Of two forms of the pop retry topic one is looked at in turn:
 * an answer has room for one. Ordered pops have no pop retry topic.
 * Source: rocketmq 5.5.0 `PopMessageProcessor#processRequest`.
 */
export function planPop(facts: PopPlanFacts): PopStep[] {
  const { topic, dice, ordered, retryTopics } = facts;
  const own =
    facts.queueId < 0
      ? queuesOf(topic, facts.readQueueCount, dice, false)
      : [{ topic, queueId: facts.queueId, retry: false }];
  const again = ordered ? undefined : retryTopics[dice % Math.max(retryTopics.length, 1)];
  if (!again) return own;
  const retry = queuesOf(again.topic, again.readQueueCount, dice, true);
  return dice < facts.retryPercent ? [...retry, ...own] : [...own, ...retry];
}

function queuesOf(topic: string, count: number, dice: number, retry: boolean): PopStep[] {
  const steps: PopStep[] = [];
  for (let i = 0; i < count; i++) steps.push({ topic, queueId: (dice + i) % count, retry });
  return steps;
}
