import { describeError } from '@rocketmq-ts/kernel';
import type { Clock, Logger, Random } from '@rocketmq-ts/kernel';
import { ResponseCode, decodeRecord, offsetMsgId, TopicSysFlag } from '@rocketmq-ts/protocol';
import type { MessageRecord, SubscriptionGroupConfig } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { SEE_FAQ } from '../apache-texts.js';
import type { BrokerIdentity } from '../broker-identity.js';
import type { DelayLevels } from '../delay/delay-levels.js';
import { BrokerMessage, delayMessage, timeMessage } from '../send/broker-message.js';
import { brokerForbids, unavailable } from '../send/send-decision.js';
import type { BrokerStats } from '../stats/broker-stats.js';
import type { MessageLookup, MessageSink } from '../store-access.js';
import type { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import { isWritable } from '../topic/permission.js';
import { groupTopic } from '../topic/topic-creation.js';
import { SCHEDULE_TOPIC, TIMER_TOPIC } from '../topic/topic-name.js';
import type { TimerPlacement } from '../timer/timer-placement.js';
import type { TopicTable } from '../topic/topic-table.js';
import { isBuried } from './dead-letter.js';
import { planSendBack } from './send-back-plan.js';
import type { SendBackPlan, SendBackRequest } from './send-back-plan.js';

/** A send-back as it arrives. */
export interface SendBack extends SendBackRequest {
  /** Where the message lies that could not be consumed. */
  readonly commitLogOffset: number;
  readonly originTopic: string | undefined;
  readonly unitMode: boolean;
}

/** What `SendBacks` works with. */
export interface SendBackParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
  readonly identity: BrokerIdentity;
  readonly store: MessageSink & MessageLookup;
  readonly topics: TopicTable;
  readonly groups: SubscriptionGroupTable;
  readonly levels: DelayLevels;
  readonly timer: Pick<TimerPlacement, 'place'>;
  readonly stats: BrokerStats;
  readonly brokerPermission: () => number;
}

/**
 * Takes messages back that a consumer could not consume: into the group's retry topic after a delay, or into its
 * dead-letter topic after too many tries.
 * Source: rocketmq 5.5.0 `AbstractSendMessageProcessor#consumerSendMsgBack`.
 */
export class SendBacks {
  /** Dead letters on their way, by topic and the place of the copy that came back. */
  private readonly burials = new Map<string, Promise<void>>();

  constructor(private readonly parts: SendBackParts) {}

  /** Resolves when the message is stored again. @throws {ResponseError} the answer. */
  async take(request: SendBack): Promise<void> {
    const group = this.groupOf(request);
    // A group that wants no retries drops what fails, as Apache does.
    if (group.retryQueueNums <= 0) return;
    const { record, messageId } = await this.recordOf(request.commitLogOffset);
    const plan = planSendBack(record, messageId, request, group);
    await this.prepareTopic(plan, request.unitMode);
    if (plan.dead) await this.bury(plan, record, request);
    else await this.store(plan, record);
    const failedIn = record.properties.get('RETRY_TOPIC') ?? record.topic;
    this.parts.stats.countSendBack(request.group, failedIn);
  }

  /** Stores a dead letter, once however often its consumer sends it back. */
  private async bury(plan: SendBackPlan, record: MessageRecord, request: SendBack): Promise<void> {
    const key = `${plan.topic}\n${record.commitLogOffset}`;
    const underWay = this.burials.get(key);
    if (underWay) return underWay;
    const burial = this.buryOnce(plan, record, request).finally(() => this.burials.delete(key));
    this.burials.set(key, burial);
    return burial;
  }

  private async buryOnce(
    plan: SendBackPlan,
    record: MessageRecord,
    request: SendBack,
  ): Promise<void> {
    const { store, clock } = this.parts;
    if (await isBuried(store, plan.topic, plan.properties, record, clock.nowMs())) return;
    await this.store(plan, record);
    this.noteDead(request, record);
  }

  private groupOf(request: SendBack): SubscriptionGroupConfig {
    const group = this.parts.groups.findOrCreate(request.group);
    if (!group) {
      throw new ResponseError(
        ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
        `subscription group not exist, ${request.group} ${SEE_FAQ}`,
      );
    }
    if (!isWritable(this.parts.brokerPermission())) {
      const { code, remark } = brokerForbids(this.parts.identity.advertisedHost, 'sending message');
      throw new ResponseError(code, remark);
    }
    return group;
  }

  private async recordOf(
    commitLogOffset: number,
  ): Promise<{ record: MessageRecord; messageId: string }> {
    const stored = await this.parts.store.recordAt(commitLogOffset);
    if (!stored) {
      throw new ResponseError(
        ResponseCode.SYSTEM_ERROR,
        `look message by offset failed, ${commitLogOffset}`,
      );
    }
    const messageId = offsetMsgId(this.parts.identity.storeHostHex, commitLogOffset);
    return { record: decodeRecord(stored.bytes, 0), messageId };
  }

  private async prepareTopic(plan: SendBackPlan, unitMode: boolean): Promise<void> {
    const topicSysFlag = unitMode && !plan.dead ? TopicSysFlag.UNIT_SUB : 0;
    const topic = await this.parts.topics
      .createIfAbsent(groupTopic(plan.topic, { queueCount: plan.queueCount, topicSysFlag }))
      .catch((error: unknown) => {
        throw new ResponseError(
          ResponseCode.SYSTEM_ERROR,
          `topic[${plan.topic}] not exist: ${describeError(error)}`,
        );
      });
    if (!plan.dead && !topic.writable) {
      throw new ResponseError(
        ResponseCode.NO_PERMISSION,
        `the topic[${plan.topic}] sending message is forbidden`,
      );
    }
  }

  private async store(plan: SendBackPlan, record: MessageRecord): Promise<void> {
    const { store, random } = this.parts;
    const refusal = store.writeRefusal();
    if (refusal && refusal.reason !== 'BUSY') {
      const { code, remark } = unavailable(refusal);
      throw new ResponseError(code, remark);
    }
    const queueId = plan.queueCount === 1 ? 0 : random.uint32() % plan.queueCount;
    const message = this.placed(plan, record, queueId);
    message.reconsumeTimes = plan.reconsumeTimes;
    store.append(message);
    const outcome = await message.stored;
    if (outcome.kind === 'REFUSED') {
      const { code, remark } = unavailable(outcome.refusal);
      throw new ResponseError(code, remark);
    }
  }

  /** Where it waits: in the timer, in the queue of a level, or in its topic. */
  private placed(plan: SendBackPlan, record: MessageRecord, queueId: number): BrokerMessage {
    const { store, clock, levels, timer } = this.parts;
    const { topic, properties, delayMs } = plan;
    let { delayLevel } = plan;
    if (delayMs !== undefined) {
      const deliverAtMs = clock.nowMs() + delayMs;
      const wish = { deliverMs: String(deliverAtMs), delaySec: undefined, delayMs: undefined };
      const slotMs = timer.place(wish, false);
      if (typeof slotMs === 'number' && slotMs > 0) {
        timeMessage(properties, { topic, queueId }, slotMs, deliverAtMs);
        return new BrokerMessage(store.queue(TIMER_TOPIC, 0), record, properties);
      }
      // A timer that is off or full is no reason to give a message up.
      delayLevel = slotMs === 0 ? 0 : levels.levelFor(delayMs);
      properties.set('DELAY', String(delayLevel));
    }
    if (delayLevel === 0) return new BrokerMessage(store.queue(topic, queueId), record, properties);
    const place = delayMessage(
      properties,
      { topic, queueId, level: delayLevel },
      levels,
      clock.nowMs(),
    );
    const message = new BrokerMessage(
      store.queue(SCHEDULE_TOPIC, place.queueId),
      record,
      properties,
    );
    message.tagsCode = place.deliverAtMs;
    return message;
  }

  private noteDead(request: SendBack, record: MessageRecord): void {
    const topic = request.originTopic ?? record.topic;
    this.parts.stats.countDeadLetter(request.group, topic);
    this.parts.logger.info('a message went to the dead-letter topic', {
      group: request.group,
      topic,
      reconsumeTimes: record.reconsumeTimes,
      uniqKey: record.properties.get('UNIQ_KEY'),
    });
  }
}
