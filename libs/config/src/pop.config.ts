import { BooleanKey, ChoiceKey, IntegerKey } from './config-key.decorator.js';

/** Pop consumption. Source of names and defaults: rocketmq 5.5.0 `BrokerConfig`. */
export class PopConfig {
  static readonly group = 'pop';

  @BooleanKey({
    java: 'enablePopBufferMerge',
    doc: 'Whether checkpoints of pops wait in memory for their acknowledgements. false (as in Apache): every pop and every acknowledgement is written to the revive log.',
    reloadable: true,
  })
  popBufferMerge = true;

  @IntegerKey({
    java: 'popCkStayBufferTime',
    doc: 'Longest time for which a checkpoint stays in memory before it is written to the revive log.',
    unit: 'ms',
    min: 100,
    max: 600_000,
    reloadable: true,
    danger:
      'After a crash messages may come again that were acknowledged during that time behind one that was not.',
  })
  popCheckpointStayMs = 10_000;

  @IntegerKey({
    java: 'popCkMaxBufferSize',
    doc: 'Checkpoints in memory; those of further pops are written to the revive log at once.',
    unit: 'checkpoints',
    min: 0,
    max: 10_000_000,
    reloadable: true,
  })
  popCheckpointCountMax = 200_000;

  @IntegerKey({
    java: 'popCkOffsetMaxQueueSize',
    doc: 'Pops of one group out of one queue that the committed offset has not passed; more find nothing.',
    unit: 'checkpoints',
    min: 100,
    max: 1_000_000,
    reloadable: true,
  })
  popCheckpointsPerQueueMax = 20_000;

  @IntegerKey({
    java: 'reviveQueueNum',
    doc: 'Queues of the topic in which checkpoints and acknowledgements are kept.',
    unit: 'queues',
    min: 1,
    max: 256,
    danger: 'What stands in queues that are taken away is not revived.',
  })
  reviveQueueCount = 8;

  @IntegerKey({
    java: 'maxPopPollingSize',
    doc: 'Pops and notifications that wait for messages at the same time; more are answered at once.',
    unit: 'requests',
    min: 1,
    max: 10_000_000,
    reloadable: true,
  })
  heldPopCountMax = 100_000;

  @IntegerKey({
    java: 'popPollingSize',
    doc: 'Pops of one group that wait for messages of one queue, or of all queues of a topic.',
    unit: 'requests',
    min: 1,
    max: 1_000_000,
    reloadable: true,
  })
  heldPopsPerQueueMax = 1_024;

  @BooleanKey({
    java: 'useMessageFilterForNotification',
    doc: 'Whether notifications leave out messages that their filter passes over.',
    reloadable: true,
  })
  notificationFilter = true;

  @IntegerKey({
    java: 'maxMessageFilterNumForNotification',
    doc: 'With so many messages left in a queue a notification comes without a look at its filter.',
    unit: 'messages',
    min: 0,
    max: 10_000,
    reloadable: true,
  })
  notificationFilterCountMax = 64;

  @BooleanKey({
    java: 'enableRetryTopicV2',
    doc: 'Whether messages that come again go to %RETRY%group+topic instead of %RETRY%group_topic.',
    reloadable: true,
  })
  popRetryTopicV2 = false;

  @BooleanKey({
    java: 'retrieveMessageFromPopRetryTopicV1',
    doc: 'With popRetryTopicV2: whether %RETRY%group_topic is still popped from.',
    reloadable: true,
  })
  popReadsRetryTopicV1 = true;

  @IntegerKey({
    java: 'popFromRetryProbability',
    doc: 'Share of pops that look for messages that come again before new ones; the others look there afterwards.',
    unit: 'percent',
    min: 0,
    max: 100,
    reloadable: true,
  })
  popRetryPercent = 20;

  @BooleanKey({
    java: 'enablePopMessageThreshold',
    doc: 'Whether popInFlightCountMax holds.',
    reloadable: true,
  })
  popInFlightLimit = false;

  @IntegerKey({
    java: 'popInflightMessageThreshold',
    doc: 'Messages of one queue that one group has under way; with more it is given none of that queue.',
    unit: 'messages',
    min: 1,
    max: 1_000_000_000,
    reloadable: true,
  })
  popInFlightCountMax = 10_000;

  @BooleanKey({
    java: 'initPopOffsetByCheckMsgInMem',
    doc: 'Whether a new group that wants to begin at the end begins at the start of a young queue.',
    reloadable: true,
  })
  popYoungQueuesFromStart = true;

  @BooleanKey({
    java: 'serverLoadBalancerEnable',
    doc: 'Whether the broker shares queues out among clients that leave this to it; false: each gets all queues.',
    reloadable: true,
  })
  serverLoadBalancing = true;

  @ChoiceKey({
    java: 'defaultMessageRequestMode',
    doc: 'How groups get messages for which nobody set anything.',
    choices: ['PULL', 'POP'],
    reloadable: true,
  })
  defaultRequestMode: 'PULL' | 'POP' = 'PULL';

  @IntegerKey({
    java: 'defaultPopShareQueueNum',
    doc: 'With how many other clients one shares its queues when the mode is POP by default; 0 or less: all pop from all.',
    unit: 'clients',
    min: -1,
    max: 1_000_000,
    reloadable: true,
  })
  defaultPopShareQueueCount = -1;
}
