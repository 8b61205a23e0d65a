import {
  BooleanKey,
  ChoiceKey,
  IntegerKey,
  TextKey,
  type ConfigRelation,
} from './config-key.decorator.js';
import { hostName } from './environment.js';
import { hostPortsProblem, namedAddressesProblem, unheardNames } from './listeners.js';
import { peerRuleProblem } from './peer-rule.js';
import type { BrokerRole } from './replication.config.js';

const KIB = 1_024;
const MIB = 1_024 * KIB;

/** Names go into files, routes and metrics: what Apache allows for topics is allowed for them. */
const nameProblem = (text: string): string | undefined =>
  /^[%|a-zA-Z0-9_.-]{1,255}$/.test(text) ? undefined : 'wants 1 to 255 of a-z A-Z 0-9 _ - . % |';

/** A broker as clients, nameservers and operators see it. Source of names and defaults: rocketmq 5.5.0 `BrokerConfig`. */
export class BrokerConfig {
  static readonly group = 'broker';
  static readonly relations: readonly ConfigRelation<BrokerConfig>[] = [
    {
      rule: 'B1: brokerId = 0 for a master, > 0 for a slave',
      because: 'clients send to id 0 alone',
      keys: ['brokerId', 'brokerRole'],
      holds: ({ brokerId, brokerRole }) => (brokerRole === 'SLAVE') === brokerId > 0,
    },
    {
      rule: 'B2: every name in advertised is a name in listeners',
      because: 'nobody listens under the others',
      keys: ['advertised', 'listeners'],
      holds: (broker) => unheardNames(broker).length === 0,
    },
    {
      rule: 'B3: registerTimeoutMs <= registerIntervalMs',
      advisory: true,
      because: 'one registration should end before the next one starts',
      keys: ['registerTimeoutMs', 'registerIntervalMs'],
      holds: ({ registerTimeoutMs, registerIntervalMs }) => registerTimeoutMs <= registerIntervalMs,
    },
    {
      rule: 'B4: channelExpiryMs <= subscriptionExpiryMs',
      advisory: true,
      because: 'a group is forgotten after its members, not before',
      keys: ['channelExpiryMs', 'subscriptionExpiryMs'],
      holds: ({ channelExpiryMs, subscriptionExpiryMs }) => channelExpiryMs <= subscriptionExpiryMs,
    },
    {
      rule: 'B5: pullOnDiskBytesMax <= pullInMemoryBytesMax',
      advisory: true,
      because: 'reading from the disk is never cheaper',
      keys: ['pullOnDiskBytesMax', 'pullInMemoryBytesMax'],
      holds: ({ pullOnDiskBytesMax, pullInMemoryBytesMax }) =>
        pullOnDiskBytesMax <= pullInMemoryBytesMax,
    },
  ];

  @TextKey({
    java: 'brokerClusterName',
    doc: 'Cluster that the broker belongs to.',
    check: nameProblem,
  })
  clusterName = 'DefaultCluster';

  @TextKey({
    java: 'brokerName',
    doc: 'Name of the broker group; default is the host name.',
    check: nameProblem,
  })
  brokerName = hostName();

  @IntegerKey({
    java: 'brokerId',
    doc: '0 for the master of a group, greater for its slaves.',
    unit: 'id',
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
  })
  brokerId = 0;

  @ChoiceKey({
    java: 'brokerRole',
    doc: 'Role in the group. Sends of a SYNC_MASTER wait for a copy on a slave; a SLAVE copies its master and takes no messages of its own.',
    choices: ['ASYNC_MASTER', 'SYNC_MASTER', 'SLAVE'],
  })
  brokerRole: BrokerRole = 'ASYNC_MASTER';

  @IntegerKey({
    java: 'listenPort',
    doc: 'Port for clients; 0 takes a free one.',
    unit: 'port',
    min: 0,
    max: 65_535,
  })
  listenPort = 10_911;

  @TextKey({ java: 'bindAddress', doc: 'Address to listen on.' })
  bindAddress = '0.0.0.0';

  @IntegerKey({
    doc: 'Second port that some clients and slaves use, without pulls; -1 turns it off. Default: listenPort - 2, as in Apache.',
    unit: 'port',
    min: -1,
    max: 65_535,
  })
  fastListenPort: number | undefined = undefined;

  @TextKey({
    doc: 'Named listeners, name:host:port,…; replaces bindAddress and listenPort. The first one is the main one.',
    check: namedAddressesProblem,
  })
  listeners = '';

  @TextKey({
    doc: 'Addresses that clients are told, name:host:port,…, by the names of listeners. Names of hosts are allowed.',
    check: namedAddressesProblem,
  })
  advertised = '';

  @TextKey({
    java: 'brokerIP1',
    doc: 'Host that clients are told for listeners without an entry in advertised. Default: the address of this machine.',
  })
  advertisedHost: string | undefined = undefined;

  @TextKey({
    java: 'brokerIP2',
    doc: 'Host that slaves are told. Default: the host that clients are told.',
  })
  advertisedHaHost: string | undefined = undefined;

  @TextKey({
    java: 'namesrvAddr',
    doc: 'Nameservers, host:port;host:port; the broker registers with all of them.',
    check: hostPortsProblem,
  })
  namesrvAddr = '';

  @IntegerKey({
    java: { key: 'registerNameServerPeriod', atLeast: 10_000, atMost: 60_000 },
    doc: 'How often the broker registers with the nameservers.',
    unit: 'ms',
    min: 1_000,
    max: 60_000,
  })
  registerIntervalMs = 30_000;

  @IntegerKey({
    java: 'registerBrokerTimeoutMills',
    doc: 'How long a registration may take.',
    unit: 'ms',
    min: 100,
    max: 60_000,
  })
  registerTimeoutMs = 24_000;

  @BooleanKey({ java: 'compressedRegister', doc: 'Whether registrations are compressed.' })
  compressedRegister = false;

  @BooleanKey({
    java: 'forceRegister',
    doc: 'Whether a registration is sent although nothing has changed.',
  })
  forceRegister = true;

  @IntegerKey({
    java: 'brokerPermission',
    doc: 'What clients may do: 4 read, 2 write, 6 both.',
    unit: 'bits',
    min: 0,
    max: 7,
    reloadable: true,
  })
  brokerPermission = 6;

  @TextKey({
    doc: 'Peers that may change topics, groups, offsets and settings: any, local, addresses, networks.',
    danger: 'any lets everybody who reaches the port delete topics.',
    check: peerRuleProblem,
  })
  adminPeers = 'local';

  @BooleanKey({
    java: 'autoCreateTopicEnable',
    doc: 'A send to an unknown topic creates it.',
    reloadable: true,
    danger: 'Typing errors become topics, and whoever can send can create them.',
  })
  autoCreateTopic = true;

  @IntegerKey({
    java: 'defaultTopicQueueNums',
    doc: 'Queues of a topic that a send creates.',
    unit: 'queues',
    min: 1,
    max: 65_536,
    reloadable: true,
  })
  defaultTopicQueueCount = 8;

  @BooleanKey({
    java: 'clusterTopicEnable',
    doc: 'Whether the topic with the name of the cluster may be read and written.',
  })
  clusterTopic = true;

  @BooleanKey({
    java: 'brokerTopicEnable',
    doc: 'Whether the topic with the name of the broker may be read and written.',
  })
  brokerTopic = true;

  @BooleanKey({ java: 'traceTopicEnable', doc: 'Whether the trace topic is there from the start.' })
  traceTopicEnable = false;

  @TextKey({ java: 'msgTraceTopicName', doc: 'Name of the trace topic.', check: nameProblem })
  traceTopic = 'RMQ_SYS_TRACE_TOPIC';

  @BooleanKey({
    java: 'traceOn',
    doc: 'Whether clients that can trace are told to.',
    reloadable: true,
  })
  traceOn = true;

  @IntegerKey({
    doc: 'Topics that may exist; more are refused.',
    unit: 'topics',
    min: 1,
    max: 10_000_000,
    reloadable: true,
  })
  topicCountMax = 100_000;

  @IntegerKey({
    doc: 'Queues over all topics; more are refused.',
    unit: 'queues',
    min: 1,
    max: 100_000_000,
    reloadable: true,
  })
  queueCountMax = 1_000_000;

  @BooleanKey({
    java: 'autoCreateSubscriptionGroup',
    doc: 'A consumer with an unknown group creates it.',
    reloadable: true,
  })
  autoCreateGroup = true;

  @IntegerKey({
    doc: 'Consumer groups that may exist; more are refused.',
    unit: 'groups',
    min: 1,
    max: 10_000_000,
    reloadable: true,
  })
  groupCountMax = 100_000;

  @IntegerKey({
    java: 'metricsOtelCardinalityLimit',
    doc: 'Samples that /metrics shows of one metric; what comes after them is left out and counted.',
    unit: 'samples',
    min: 100,
    max: 10_000_000,
    reloadable: true,
  })
  metricSampleCountMax = 50_000;

  @IntegerKey({
    doc: 'A producer that sends more messages per second is slowed down: limit of one connection; 0 is no limit.',
    unit: 'messages',
    min: 0,
    max: 1_000_000_000_000,
    reloadable: true,
  })
  sendMessagesPerSecondPerClient = 0;

  @IntegerKey({
    doc: 'A producer that sends more messages per second is slowed down: limit of one group, over all its connections; 0 is no limit.',
    unit: 'messages',
    min: 0,
    max: 1_000_000_000_000,
    reloadable: true,
  })
  sendMessagesPerSecondPerGroup = 0;

  @IntegerKey({
    doc: 'A producer that sends more bytes per second is slowed down: limit of one connection; 0 is no limit.',
    unit: 'bytes',
    min: 0,
    max: 1_000_000_000_000,
    reloadable: true,
  })
  sendBytesPerSecondPerClient = 0;

  @IntegerKey({
    doc: 'A producer that sends more bytes per second is slowed down: limit of one group, over all its connections; 0 is no limit.',
    unit: 'bytes',
    min: 0,
    max: 1_000_000_000_000,
    reloadable: true,
  })
  sendBytesPerSecondPerGroup = 0;

  @IntegerKey({
    doc: 'A consumer that is given more messages per second is slowed down: limit of one connection; 0 is no limit.',
    unit: 'messages',
    min: 0,
    max: 1_000_000_000_000,
    reloadable: true,
  })
  pullMessagesPerSecondPerClient = 0;

  @IntegerKey({
    doc: 'A consumer that is given more messages per second is slowed down: limit of one group, over all its connections; 0 is no limit.',
    unit: 'messages',
    min: 0,
    max: 1_000_000_000_000,
    reloadable: true,
  })
  pullMessagesPerSecondPerGroup = 0;

  @IntegerKey({
    doc: 'A consumer that is given more bytes per second is slowed down: limit of one connection; 0 is no limit.',
    unit: 'bytes',
    min: 0,
    max: 1_000_000_000_000,
    reloadable: true,
  })
  pullBytesPerSecondPerClient = 0;

  @IntegerKey({
    doc: 'A consumer that is given more bytes per second is slowed down: limit of one group, over all its connections; 0 is no limit.',
    unit: 'bytes',
    min: 0,
    max: 1_000_000_000_000,
    reloadable: true,
  })
  pullBytesPerSecondPerGroup = 0;

  @IntegerKey({
    doc: 'Longest time for which a producer over its limit is slowed down; one that would have to wait longer is refused as busy.',
    unit: 'ms',
    min: 0,
    max: 60_000,
    reloadable: true,
  })
  slowDownMsMax = 1_000;

  @BooleanKey({
    java: 'coldDataFlowControlEnable',
    doc: 'Whether consumers that read old messages from files are slowed down past coldReadBytesPerGroup and coldReadBytesTotal.',
    reloadable: true,
  })
  coldReadControl = false;

  @IntegerKey({
    java: 'cgColdReadThreshold',
    doc: 'Bytes that one group may read from files in five seconds under coldReadControl.',
    unit: 'bytes',
    min: 0,
    max: 1_000_000_000_000,
    reloadable: true,
  })
  coldReadBytesPerGroup = 3 * MIB;

  @IntegerKey({
    java: 'globalColdReadThreshold',
    doc: 'Bytes that all groups may read from files in five seconds under coldReadControl.',
    unit: 'bytes',
    min: 0,
    max: 1_000_000_000_000,
    reloadable: true,
  })
  coldReadBytesTotal = 100 * MIB;

  @TextKey({ java: 'regionId', doc: 'Region that answers to sends name.', check: nameProblem })
  regionId = 'DefaultRegion';

  @IntegerKey({
    java: 'maxMessageSize',
    doc: 'Longest message body.',
    unit: 'bytes',
    min: 1,
    max: 512 * MIB,
    reloadable: true,
  })
  messageBytesMax = 4 * MIB;

  @BooleanKey({
    java: 'rejectTransactionMessage',
    doc: 'Whether transactional messages are refused.',
    reloadable: true,
  })
  rejectTransactionMessage = false;

  @IntegerKey({
    java: 'transactionTimeOut',
    doc: 'Age from which an undecided transaction is checked, unless its message asks for a longer time.',
    unit: 'ms',
    min: 100,
    max: 86_400_000,
    reloadable: true,
  })
  transactionTimeoutMs = 6_000;

  @IntegerKey({
    java: 'transactionCheckMax',
    doc: 'Checks of an undecided transaction that reached a producer, after which it is parked in TRANS_CHECK_MAX_TIME_TOPIC.',
    unit: 'checks',
    min: 1,
    max: 10_000,
    reloadable: true,
  })
  transactionCheckMax = 15;

  @IntegerKey({
    java: 'transactionCheckInterval',
    doc: 'Wait between the first and the second check of a transaction.',
    unit: 'ms',
    min: 100,
    max: 86_400_000,
    reloadable: true,
  })
  transactionCheckIntervalMs = 30_000;

  @IntegerKey({
    doc: 'The wait between checks doubles up to so many times transactionCheckIntervalMs; 1 keeps it the same, as Apache does.',
    unit: 'times',
    min: 1,
    max: 1_000,
    reloadable: true,
  })
  transactionCheckBackoffMax = 8;

  @IntegerKey({
    java: 'transactionOpMsgMaxSize',
    doc: 'Longest note about decided transactions; several are in one note.',
    unit: 'bytes',
    min: 1,
    max: MIB,
    reloadable: true,
  })
  transactionOpBatchBytesMax = 4_096;

  @IntegerKey({
    java: 'transactionOpBatchInterval',
    doc: 'Longest wait until commits are noted as decided. Rollbacks do not wait.',
    unit: 'ms',
    min: 1,
    max: 600_000,
    reloadable: true,
  })
  transactionOpBatchIntervalMs = 3_000;

  @IntegerKey({
    java: 'transactionMetricFlushInterval',
    doc: 'How often the counts of open transactions are saved.',
    unit: 'ms',
    min: 100,
    max: 3_600_000,
  })
  transactionCountsSaveIntervalMs = 10_000;

  @BooleanKey({
    java: 'brokerFastFailureEnable',
    doc: 'Whether sends are refused as busy once the disk has kept others waiting for longer than sendWaitMsMax; false lets them wait.',
    reloadable: true,
  })
  sendFastFailure = false;

  @IntegerKey({
    java: 'waitTimeMillsInSendQueue',
    doc: 'How long sends may wait for the disk before sendFastFailure refuses more of them.',
    unit: 'ms',
    min: 1,
    max: 600_000,
    reloadable: true,
  })
  sendWaitMsMax = 200;

  @BooleanKey({
    java: 'longPollingEnable',
    doc: 'Whether a pull that finds nothing is held until there is a message.',
    reloadable: true,
  })
  longPolling = true;

  @IntegerKey({
    java: 'shortPollingTimeMills',
    doc: 'How long a pull is held without longPolling.',
    unit: 'ms',
    min: 1,
    max: 60_000,
    reloadable: true,
  })
  shortPollingMs = 1_000;

  @IntegerKey({
    doc: 'Longest time for which a pull is held, whatever it asks for.',
    unit: 'ms',
    min: 1_000,
    max: 600_000,
    reloadable: true,
  })
  holdMsMax = 120_000;

  @IntegerKey({
    java: 'pullThreadPoolQueueCapacity',
    doc: 'Pulls that are held at the same time; more are answered at once.',
    unit: 'requests',
    min: 1,
    max: 10_000_000,
    reloadable: true,
  })
  heldPullCountMax = 100_000;

  @IntegerKey({
    java: 'pullBatchMaxMessageCount',
    doc: 'Messages in one answer to a pull.',
    unit: 'messages',
    min: 1,
    max: 10_000,
    reloadable: true,
  })
  pullCountMax = 160;

  @IntegerKey({
    java: 'maxTransferBytesOnMessageInMemory',
    doc: 'Bytes in one answer to a pull, recent messages.',
    unit: 'bytes',
    min: KIB,
    max: 64 * MIB,
  })
  pullInMemoryBytesMax = 256 * KIB;

  @IntegerKey({
    java: 'maxTransferCountOnMessageInMemory',
    doc: 'Messages in one answer to a pull, recent messages.',
    unit: 'messages',
    min: 1,
    max: 10_000,
  })
  pullInMemoryCountMax = 32;

  @IntegerKey({
    java: 'maxTransferBytesOnMessageInDisk',
    doc: 'Bytes in one answer to a pull, old messages.',
    unit: 'bytes',
    min: KIB,
    max: 64 * MIB,
  })
  pullOnDiskBytesMax = 64 * KIB;

  @IntegerKey({
    java: 'maxTransferCountOnMessageInDisk',
    doc: 'Messages in one answer to a pull, old messages.',
    unit: 'messages',
    min: 1,
    max: 10_000,
  })
  pullOnDiskCountMax = 8;

  @IntegerKey({
    java: 'accessMessageInMemoryMaxRatio',
    doc: 'Newest part of the log that counts as recent, as a share of the machine’s memory.',
    unit: 'percent',
    min: 1,
    max: 95,
  })
  pullInMemoryPercent = 40;

  @IntegerKey({
    java: 'defaultQueryMaxNum',
    doc: 'Messages in one answer to a query by key.',
    unit: 'messages',
    min: 1,
    max: 10_000,
  })
  queryCountMax = 32;

  @IntegerKey({
    java: 'flushConsumerOffsetInterval',
    doc: 'How often consumer offsets are written to their file.',
    unit: 'ms',
    min: 100,
    max: 600_000,
  })
  consumerOffsetSaveIntervalMs = 5_000;

  @BooleanKey({
    java: 'useServerSideResetOffset',
    doc: 'Whether the broker itself moves a group whose offsets are reset, online or not; false tells its online clients to.',
    reloadable: true,
  })
  serverSideOffsetReset = true;

  @BooleanKey({
    java: 'enableBroadcastOffsetStore',
    doc: 'Whether the broker follows how far the members of broadcasting groups have pulled.',
    reloadable: true,
  })
  broadcastOffsetStore = true;

  @IntegerKey({
    java: { key: 'broadcastOffsetExpireSecond', factor: 1_000 },
    doc: 'Silence after which a member of a broadcasting group that is gone is not followed any more.',
    unit: 'ms',
    min: 1_000,
    max: 86_400_000,
    reloadable: true,
  })
  broadcastOffsetExpiryMs = 120_000;

  @IntegerKey({
    java: { key: 'broadcastOffsetExpireMaxSecond', factor: 1_000 },
    doc: 'Silence after which a member of a broadcasting group that is still connected is not followed any more.',
    unit: 'ms',
    min: 1_000,
    max: 86_400_000,
    reloadable: true,
  })
  broadcastOffsetExpiryMsMax = 300_000;

  @IntegerKey({
    java: 'flushDelayOffsetInterval',
    doc: 'How often progress of delay levels is written to its file.',
    unit: 'ms',
    min: 100,
    max: 600_000,
  })
  delayOffsetSaveIntervalMs = 10_000;

  @TextKey({
    java: 'messageDelayLevel',
    doc: 'Delays of the levels 1, 2, 3…, separated by blanks; s, m, h, d.',
  })
  messageDelayLevels = '1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h';

  @BooleanKey({
    java: 'recallMessageEnable',
    doc: 'Whether producers may call timed messages back.',
    reloadable: true,
  })
  recallMessageEnable = false;

  @BooleanKey({
    java: 'allowRecallWhenBrokerNotWriteable',
    doc: 'Whether they may while the broker takes no other messages.',
    reloadable: true,
  })
  allowRecallWhenNotWritable = true;

  @BooleanKey({
    java: 'notifyConsumerIdsChangedEnable',
    doc: 'Whether members of a group are told when it changes.',
    reloadable: true,
  })
  notifyConsumerIdsChanged = true;

  @IntegerKey({
    java: 'channelExpiredTimeout',
    doc: 'Silence after which a client leaves its groups.',
    unit: 'ms',
    min: 1_000,
    max: 86_400_000,
  })
  channelExpiryMs = 120_000;

  @IntegerKey({
    java: 'subscriptionExpiredTimeout',
    doc: 'Age of an unrenewed subscription after which it is forgotten.',
    unit: 'ms',
    min: 1_000,
    max: 86_400_000,
  })
  subscriptionExpiryMs = 600_000;

  @IntegerKey({
    java: 'rocketmq.broker.rebalance.lockMaxLiveTime',
    doc: 'How long a queue lock of an orderly consumer holds without renewal.',
    unit: 'ms',
    min: 1_000,
    max: 3_600_000,
  })
  queueLockMs = 60_000;

  @BooleanKey({
    java: 'enablePropertyFilter',
    doc: 'Whether consumers may filter with SQL92 expressions. Apache has it off.',
    reloadable: true,
  })
  propertyFilter = true;

  @BooleanKey({
    java: 'storeReplyMessageEnable',
    doc: 'Whether replies to request messages are kept in the reply topic of the cluster, besides being delivered.',
    reloadable: true,
  })
  storeReplyMessages = true;

  @BooleanKey({
    java: 'filterSupportRetry',
    doc: 'Whether a SQL92 subscription of a retry topic judges each message by what the group wants of its first topic.',
    reloadable: true,
  })
  retryFilter = false;
}
