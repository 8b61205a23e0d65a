import { Controller, Inject } from '@nestjs/common';
import { BrokerConfig, StoreConfig } from '@rocketmq-ts/config';
import type { Clock } from '@rocketmq-ts/kernel';
import { Handles } from '@rocketmq-ts/nest-remoting';
import type { RemotingRequest } from '@rocketmq-ts/nest-remoting';
import { RecallMessage, ResponseCode } from '@rocketmq-ts/protocol';
import type { Sent } from '@rocketmq-ts/protocol';
import { ResponseError } from '@rocketmq-ts/remoting';
import { AppendEntry } from '@rocketmq-ts/storage';
import type { StoreOutcome } from '@rocketmq-ts/storage';
import { CLOCK, STORE } from '../broker-context.js';
import { BrokerIdentity } from '../broker-identity.js';
import { storedPropertiesText } from '../send/broker-message.js';
import type { MessageSink } from '../store-access.js';
import { isWritable } from '../topic/permission.js';
import { TIMER_TOPIC } from '../topic/topic-name.js';
import { TopicTable } from '../topic/topic-table.js';
import { decideRecall, unavailableRecall } from './recall-decision.js';
import type { RecallHandle } from './recall-handle.js';
import { TimerPlacement } from './timer-placement.js';

/** Source: rocketmq 5.5.0 `RecallMessageProcessor#RECALL_MESSAGE_TAG`. */
const RECALL_TAG = '_RECALL_TAG_';
const BODY = Buffer.from('0');

/** A message that calls another one back; it goes the same way, and meets it in its slot. */
class RecallEntry extends AppendEntry {
  readonly stored: Promise<StoreOutcome>;
  private settle!: (outcome: StoreOutcome) => void;

  constructor() {
    super();
    this.stored = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  override onStored(outcome: StoreOutcome): void {
    this.settle(outcome);
  }
}

/** Takes recalls of timed messages. Source: rocketmq 5.5.0 `RecallMessageProcessor`. */
@Controller()
export class RecallController {
  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(STORE) private readonly store: MessageSink,
    private readonly topics: TopicTable,
    private readonly identity: BrokerIdentity,
    private readonly broker: BrokerConfig,
    private readonly settings: StoreConfig,
    private readonly placement: TimerPlacement,
  ) {}

  @Handles(RecallMessage)
  async recall({
    header,
    connection,
  }: RemotingRequest<typeof RecallMessage>): Promise<Sent<typeof RecallMessage.response>> {
    const { broker } = this;
    const decided = decideRecall(header, {
      enabled: broker.recallMessageEnable,
      brokerWritable: isWritable(broker.brokerPermission),
      allowedWhenNotWritable: broker.allowRecallWhenNotWritable,
      topicKnown: this.topics.find(header.topic) !== undefined,
      brokerName: this.identity.brokerName,
      delayMaxMs: this.settings.timerMaxDelaySec * 1_000,
      nowMs: this.clock.nowMs(),
    });
    if ('code' in decided) throw new ResponseError(decided.code, decided.remark);
    const entry = this.entryFor(decided, header.producerGroup ?? '');
    entry.bornHostBytes = connection.bornHostBytes;
    const unable = this.store.writeRefusal();
    if (unable !== undefined && unable.reason !== 'BUSY') {
      const { code, remark } = unavailableRecall();
      throw new ResponseError(code, `${remark}: ${unable.message}`);
    }
    this.store.append(entry);
    const outcome = await entry.stored;
    if (outcome.kind === 'REFUSED')
      throw new ResponseError(ResponseCode.SYSTEM_ERROR, 'recall failed, execute error');
    return { header: { msgId: decided.uniqKey }, body: null };
  }

  private entryFor(handle: RecallHandle, producerGroup: string): RecallEntry {
    const { topic, uniqKey, timestampText } = handle;
    const wish = { delaySec: undefined, delayMs: undefined, deliverMs: timestampText };
    const outMs = this.placement.place(wish, true);
    if (typeof outMs !== 'number') throw new ResponseError(outMs.code, outMs.remark);
    const nowMs = this.clock.nowMs();
    const properties = new Map([
      ['TAGS', RECALL_TAG],
      [
        'TIMER_DEL_UNIQKEY',
        this.settings.timerRecallKeyWithTopic ? `${topic}+${uniqKey}` : uniqKey,
      ],
      ['UNIQ_KEY', uniqKey],
      ['TIMER_DELIVER_MS', timestampText],
      ['BORN_TIMESTAMP', String(nowMs)],
      ['PGROUP', producerGroup],
      ['TIMER_OUT_MS', String(outMs)],
      ['REAL_TOPIC', topic],
      ['REAL_QID', '0'],
    ]);
    const entry = new RecallEntry();
    entry.queue = this.store.queue(TIMER_TOPIC, 0);
    entry.setTopic(Buffer.from(TIMER_TOPIC));
    entry.bornTimestampMs = nowMs;
    entry.bodyBytes = BODY;
    entry.bodyEnd = BODY.length;
    entry.propertiesBytes = Buffer.from(storedPropertiesText(properties));
    entry.propertiesEnd = entry.propertiesBytes.length;
    entry.indexTags(RECALL_TAG);
    entry.tagsCode = entry.tagsHash;
    entry.indexUniqKey(uniqKey);
    return entry;
  }
}
