/*
 * What is asked of both clusters, in this order. The state is built on the way, and each step sees what those before it
 * left behind; so a new step that changes something belongs to the end of its section, or undoes it.
 *
 * `<name>` stands for what differs between the clusters: <namesrv>, <broker>, <dir>, and what the surroundings name
 * (ids of messages and clients, times).
 */

/**
 * @typedef {object} Step
 * @property {string} [run] sub-command; `id` is it with its arguments
 * @property {string[]} [arguments]
 * @property {number} [limitMs] after which it has failed by not ending
 * @property {number} [endless] for what never ends by itself: ended after so many milliseconds
 * @property {string[]} [files] that it writes; their text belongs to its output
 * @property {string[]} [noise] names of rules (rules.mjs) for what may differ without a word
 * @property {string[]} [differs] names of rules for what differs, and why
 * @property {{ why: string, answer: string }} [notOffered] what our cluster answers instead, and why
 * @property {{ why: string, answer: string }} [stricter] the same for what Apache accepts, in a command that works
 * @property {{ why: string }} [neither] a plain cluster of Apache's refuses this as ours does
 * @property {string} [act] instead of `run`: something around the sub-commands, see Surroundings.java
 */

const CLUSTER = '-c DefaultCluster';
const BROKER = '-b <broker>';

const run = (name, text = '', more = {}) => ({
  id: `${name} ${text}`.trim(),
  run: name,
  arguments: [...text.split(' ').filter(Boolean), '-n', '<namesrv>'],
  ...more,
});
const act = (name, details = {}) => ({ act: name, ...details });
const refused = (answer, why) => ({ notOffered: { answer, why } });
const neither = (why) => ({ neither: { why } });
const stricter = (answer, why) => ({ stricter: { answer, why } });

const STRICT_SETTINGS =
  'A setting that does not exist, cannot be changed or has no such value is refused; Apache reports success and changes nothing.';
const NO_ACL = 'Access control (ACL 2.0) is not offered yet.';
const NO_CONTROLLER = 'Controller mode is not offered.';
const NO_STATIC_TOPICS = 'Static topics are not offered.';
const NO_ROCKSDB = "RocksDB is Apache's other store; ours keeps the file formats.";
const NO_COMPACTION = "Compacted topics (of Apache's own compaction log) are not offered.";
const NO_REPLICATION = 'Replication is not offered yet.';
const NO_CONTAINER = 'Several brokers in one process (broker container) are not offered.';
const NO_LITE = 'Lite topics (5.5) are not offered yet.';
const NO_COLD = "Steers Apache's memory-mapped files; ours are read without mapping.";

/** @type {Step[]} */
const topics = [
  run('updateTopic', `${CLUSTER} -t Orders -r 4 -w 4`),
  run('updateTopic', `${BROKER} -t Payments -r 2 -w 2 -p 6 -a +message.type=NORMAL`),
  run('updateTopic', `${CLUSTER} -t Sorted -r 3 -w 3 -o true`),
  run('updateTopic', `${BROKER} -t Units -u true -s true`),
  run('updateTopic', `${BROKER} -t Wrong*Name`),
  run('updateTopic', `${BROKER} -t Wrong -a +no.such.attribute=1`, {
    differs: ['code of wrong arguments'],
  }),
  run('updateTopic', `-t Nowhere`),
  act('writeFile', {
    path: '<dir>/topics.json',
    text: JSON.stringify([
      { topicName: 'ListA', readQueueNums: 2, writeQueueNums: 2, perm: 6 },
      { topicName: 'ListB', readQueueNums: 1, writeQueueNums: 1, perm: 4 },
    ]),
  }),
  run('updateTopicList', `${BROKER} -f <dir>/topics.json`),
  run('updateTopicList', `${BROKER} -f <dir>/nothing.json`),
  // One queue: what is sent again must go where it went in the other cluster.
  run('updateTopic', `${BROKER} -t Resent -r 1 -w 1`),
  act('awaitRoute', { topic: 'Orders', queues: 4 }),
  act('awaitRoute', { topic: 'Payments', queues: 2 }),
  act('awaitRoute', { topic: 'ListB', queues: 1 }),
  run('updateTopicPerm', `${BROKER} -t ListA -p 4`),
  run('updateTopicPerm', `${BROKER} -t ListB -p 4`),
  run('updateTopicPerm', `${CLUSTER} -t ListA -p 6`),
  run('updateTopicPerm', `${CLUSTER} -t NoSuchTopic -p 6`),
  run('topicRoute', '-t Orders'),
  run('topicRoute', '-t Payments -l'),
  run('topicRoute', '-t NoSuchTopic'),
  run('topicClusterList', '-t Orders'),
  run('topicClusterList', '-t NoSuchTopic'),
  run('topicList', '', { noise: ['order of lines'] }),
  run('topicList', '-c', { noise: ['order of lines'] }),
  run('allocateMQ', '-t Orders -i 10.0.0.1,10.0.0.2,10.0.0.3', { noise: ['order of queues'] }),
  run('updateOrderConf', '-t Sorted -m get'),
  run('updateOrderConf', '-t Arranged -m put -v broker-a:2'),
  run('updateOrderConf', '-t Arranged -m get'),
  run('updateOrderConf', '-t Arranged -m delete'),
  run('updateOrderConf', '-t Arranged -m get'),
];

/** @type {Step[]} */
const groups = [
  run('updateSubGroup', `${BROKER} -g OrdersGroup`),
  run(
    'updateSubGroup',
    `${CLUSTER} -g PaymentsGroup -s true -m true -d false -o false -q 2 -r 5 -i 0 -w 1 -a true`,
  ),
  run(
    'updateSubGroup',
    `${BROKER} -g Patient -p {"type":"EXPONENTIAL","exponentialRetryPolicy":{"initial":2000,"max":60000,"multiplier":3}}`,
  ),
  run('updateSubGroup', `${BROKER} -g Wrong*Group`),
  act('writeFile', {
    path: '<dir>/groups.json',
    text: JSON.stringify([
      { groupName: 'ListGroupA', retryQueueNums: 2, retryMaxTimes: 3 },
      { groupName: 'ListGroupB', consumeEnable: false },
    ]),
  }),
  run('updateSubGroupList', `${BROKER} -f <dir>/groups.json`),
  run('updateSubGroup', `${BROKER} -g PaymentsCopy`),
  run('getConsumerConfig', '-g PaymentsGroup'),
  run('getConsumerConfig', '-g Patient'),
  run('getConsumerConfig', '-g NoSuchGroup'),
];

/** @type {Step[]} */
const messages = [
  act('startProducer', { group: 'OrdersProducer' }),
  act('send', { group: 'OrdersProducer', topic: 'Orders', first: 0, count: 20 }),
  // The index knows seconds; nothing else may be in that of "between".
  act('pause', { ms: 1_100 }),
  act('now', { name: 'between' }),
  act('pause', { ms: 1_100 }),
  act('send', { group: 'OrdersProducer', topic: 'Orders', first: 20, count: 20 }),
  act('send', { group: 'OrdersProducer', topic: 'Payments', first: 0, count: 10 }),
  act('send', { group: 'OrdersProducer', topic: 'Resent', first: 0, count: 1 }),
  act('startConsumer', { group: 'OrdersGroup', topic: 'Orders' }),
  act('startConsumer', { group: 'PaymentsGroup', topic: 'Payments', tags: 'even || odd' }),
  act('awaitConsumed', { group: 'OrdersGroup', count: 40 }),
  act('awaitConsumed', { group: 'PaymentsGroup', count: 10 }),
  act('awaitCaughtUp', { group: 'OrdersGroup', topic: 'Orders' }),
  act('awaitCaughtUp', { group: 'PaymentsGroup', topic: 'Payments' }),
  act('stopConsumer', { group: 'PaymentsGroup' }),
  act('send', { group: 'OrdersProducer', topic: 'Payments', first: 10, count: 10 }),
  act('sendDelayed', { group: 'OrdersProducer', topic: 'ListA', level: 1 }),
  act('awaitQueryable', { topic: 'Payments', key: 'key-19' }),
  run('topicStatus', '-t Orders'),
  run('topicStatus', '-t Payments -c DefaultCluster'),
  run('topicStatus', '-t NoSuchTopic'),
  run('queryMsgById', '-t Orders -i <offset-id-of-Orders-5>'),
  run('queryMsgById', '-t Orders -i <unique-id-of-Orders-6> -f UTF-8'),
  run('queryMsgById', '-t Orders -i 7F0000010000000000000000DEADBEEF'),
  run(
    'queryMsgById',
    '-t Orders -i <unique-id-of-Orders-5> -g OrdersGroup -d <client-of-OrdersGroup>',
  ),
  run('queryMsgById', '-t Resent -i <unique-id-of-Resent-0> -s true'),
  run('queryMsgByKey', '-t Orders -k key-7'),
  run('queryMsgByKey', '-t Orders -k key-30 -b <between> -m 1'),
  run('queryMsgByKey', '-t Orders -k key-3 -b <between>'),
  run('queryMsgByKey', '-t Orders -k no-such-key'),
  run('queryMsgByUniqueKey', '-t Orders -i <unique-id-of-Orders-8>'),
  run('queryMsgByUniqueKey', '-t Orders -i <unique-id-of-Orders-8> -a'),
  run('queryMsgByUniqueKey', '-t Payments -i <unique-id-of-Payments-15>'),
  run('queryMsgByUniqueKey', '-t Orders -i 7F000001000000000000000000000000'),
  run(
    'queryMsgByUniqueKey',
    '-t Orders -i <unique-id-of-Orders-9> -g OrdersGroup -d <client-of-OrdersGroup>',
  ),
  run('queryMsgByUniqueKey', '-t Orders -i <unique-id-of-Orders-9> -g NoGroup -d nobody'),
  run('queryMsgByOffset', '-t Orders -b broker-a -i 1 -o 2'),
  run('queryMsgByOffset', '-t Orders -b broker-a -i 1 -o 2 -f UTF-8'),
  run('queryMsgByOffset', '-t Orders -b broker-a -i 1 -o 999'),
  run('queryMsgByOffset', '-t Orders -b no-such-broker -i 1 -o 2'),
  run('printMsg', '-t Payments -d true', { noise: ['order of queues'] }),
  run('printMsg', '-t Payments -s even -d false', { noise: ['order of queues'] }),
  run('printMsg', '-t Orders -b <between>', { noise: ['order of queues'] }),
  run('printMsgByQueue', '-t Orders -a broker-a -i 2 -p true -d true -f true'),
  run('printMsgByQueue', '-t Orders -a broker-a -i 2 -s odd -p true'),
  run('printMsgByQueue', '-t Orders -a broker-a -i 3 -b <between> -f true'),
  run('consumeMessage', '-t Payments -b broker-a -i 0 -o 3 -c 4'),
  run('consumeMessage', '-t Payments -b broker-a -i 1'),
  run('consumeMessage', '-t Sorted -c 5 -g PaymentsReader', { noise: ['order of queues'] }),
  run('consumeMessage', '-t Payments -b broker-a -i 0 -o 9999'),
  run('consumeMessage', '-t Payments -i 0'),
  run('queryCq', '-t Orders -q 1 -i 0 -c 3 -b <broker>'),
  run('queryCq', '-t Orders -q 1 -i 2 -c 2 -g OrdersGroup'),
  run('queryCq', '-t Orders -q 9 -i 0'),
  run('queryCq', '-t NoSuchTopic -q 0 -i 0 -b <broker>'),
  run('sendMessage', '-t Units -p hello -k hello-key -c tagged', { noise: ['chosen queue'] }),
  run('sendMessage', '-t Units -p hello -b broker-a -i 2'),
  run('sendMessage', '-t Units -p hello -b broker-a -i 99', { differs: ['less in a refusal'] }),
  run('sendMessage', '-t Units -p hello -i 1'),
  act('startProducer', { group: 'TracedProducer', trace: true }),
  act('send', { group: 'TracedProducer', topic: 'Units', first: 0, count: 1 }),
  act('awaitQueryable', { topic: 'RMQ_SYS_TRACE_TOPIC', key: '<unique-id-of-Units-0>' }),
  run('queryMsgTraceById', '-i <unique-id-of-Units-0>', { noise: ['measured times'] }),
  run('queryMsgTraceById', '-i <unique-id-of-Orders-0>'),
  act('stopProducer', { group: 'TracedProducer' }),
  run('checkMsgSendRT', '-t Units -a 5 -s 64', { noise: ['chosen queue', 'measured times'] }),
  run('clusterRT', '-a 5 -s 64 -c DefaultCluster -i 1', {
    endless: 1_500,
    noise: ['measured times', 'rounds'],
  }),
  run('clusterRT', '-a 5 -s 64 -c DefaultCluster -p true -m room', {
    endless: 1_500,
    noise: ['measured times', 'rounds'],
  }),
  run('sendMsgStatus', '-b broker-a -c 3', { noise: ['chosen queue', 'measured times'] }),
];

/** @type {Step[]} */
const clients = [
  run('producerConnection', '-g OrdersProducer -t Orders'),
  run('producerConnection', '-g NoSuchProducer -t Orders'),
  run('consumerConnection', '-g OrdersGroup', { noise: ['order of lines'] }),
  run('consumerConnection', '-g OrdersGroup -b <broker>', { noise: ['order of lines'] }),
  run('consumerConnection', '-g PaymentsGroup'),
  run('producer', '-b <broker>', { noise: ['order of lines', 'tools that are leaving'] }),
  run('consumerStatus', '-g OrdersGroup', { noise: ['folder of now'] }),
  run('consumerStatus', '-g OrdersGroup -b <broker> -i <client-of-OrdersGroup>', {
    noise: ['client counters'],
  }),
  run('consumerStatus', '-g OrdersGroup -i <client-of-OrdersGroup> -s', {
    noise: ['threads', 'client counters'],
  }),
  run('consumerStatus', '-g PaymentsGroup'),
];

/** @type {Step[]} */
const progress = [
  run('consumerProgress', '-g OrdersGroup', { noise: ['rates'] }),
  run('consumerProgress', '-g PaymentsGroup', { noise: ['rates'] }),
  run('consumerProgress', '-g PaymentsGroup -t Payments -c DefaultCluster', { noise: ['rates'] }),
  run('consumerProgress', '-g OrdersGroup -s true', { noise: ['rates'] }),
  run('consumerProgress', '-g NoSuchGroup'),
  run('consumerProgress', '', { noise: ['order of lines', 'rates', 'tools that are leaving'] }),
  run('brokerConsumeStats', '-b <broker>', { noise: ['order of lines'] }),
  run('brokerConsumeStats', '-b <broker> -l 5 -t 10000 -o false', { noise: ['order of lines'] }),
  run('brokerConsumeStats', '-b <broker> -o true'),
  run('statsAll', '', { noise: ['order of lines', 'rates'] }),
  run('statsAll', '-t Orders', { noise: ['rates'] }),
  run('statsAll', '-a', { noise: ['topics that were active'] }),
  act('awaitCounted', { group: 'OrdersProducer', topic: 'ListA' }),
  run('statsAll', '-t ListA', { noise: ['whether counted'] }),
  run('cloneGroupOffset', '-s PaymentsGroup -d NoSuchGroup -t Payments'),
  run('cloneGroupOffset', '-s PaymentsGroup -d PaymentsCopy -t Payments'),
  run('consumerProgress', '-g PaymentsCopy -t Payments', { noise: ['rates'] }),
  run('cloneGroupOffset', '-s NoSuchGroup -d PaymentsCopy -t Payments'),
  run('resetOffsetByTime', '-g PaymentsGroup -t Payments -s <between>', {
    noise: ['order of lines'],
  }),
  run('consumerProgress', '-g PaymentsGroup -t Payments', { noise: ['rates'] }),
  run('resetOffsetByTime', '-g OrdersGroup -t Orders -s <between>', { noise: ['order of lines'] }),
  act('awaitConsumed', { group: 'OrdersGroup', count: 60 }),
  run('resetOffsetByTime', '-g PaymentsGroup -t Payments -s -1 -b <broker> -q 1 -o 3'),
  run('resetOffsetByTime', '-g PaymentsGroup -t Payments -s -1 -b <broker> -q 1 -o 9999'),
  run('resetOffsetByTime', '-g PaymentsGroup -t Payments -s now -b <broker> -q 0'),
  run('resetOffsetByTime', '-g NoSuchGroup -t Payments -s now', { noise: ['order of lines'] }),
  run('resetOffsetByTime', '-g PaymentsGroup -t NoSuchTopic -s now'),
  run('consumerProgress', '-g PaymentsGroup -t Payments', { noise: ['rates'] }),
  run('skipAccumulatedMessage', '-g PaymentsGroup -t Payments', { noise: ['order of lines'] }),
  run('skipAccumulatedMessage', '-g OrdersGroup -t Orders -f true', { noise: ['order of lines'] }),
  run('skipAccumulatedMessage', '-g PaymentsGroup -t NoSuchTopic'),
  run('consumerProgress', '-g PaymentsGroup -t Payments', { noise: ['rates'] }),
  run('setConsumeMode', `${BROKER} -t Payments -g PaymentsGroup -m POP -q 2`),
  run('setConsumeMode', `${CLUSTER} -t Payments -g PaymentsGroup -m PULL`),
];

/** @type {Step[]} */
const brokers = [
  run('clusterList', '', { noise: ['rates'] }),
  run('clusterList', '-m', { noise: ['rates'] }),
  run('clusterList', '-c DefaultCluster', { noise: ['rates'] }),
  run('clusterList', '-c NoSuchCluster'),
  run('brokerStatus', '-b <broker>', { noise: ['runtime values'], differs: ['runtime keys'] }),
  run('brokerStatus', '-c DefaultCluster', {
    noise: ['runtime values'],
    differs: ['runtime keys'],
  }),
  run('getBrokerConfig', '-b <broker>', {
    noise: ['order of lines', 'paths and ports'],
    differs: ['settings', 'defaults'],
  }),
  run('getBrokerConfig', '-c DefaultCluster', {
    noise: ['order of lines', 'paths and ports'],
    differs: ['settings', 'defaults'],
  }),
  run('updateBrokerConfig', '-b <broker> -k fileReservedTime -v 71'),
  run('updateBrokerConfig', '-c DefaultCluster -k fileReservedTime -v 72'),
  run('updateBrokerConfig', '-b <broker> -k brokerConfigPath -v /nowhere', {
    differs: ['cause of a refusal'],
  }),
  run('updateBrokerConfig', '-b <broker> -k noSuchKey -v 1', stricter('CODE: 16', STRICT_SETTINGS)),
  run(
    'updateBrokerConfig',
    '-b <broker> -k fileReservedTime -v many',
    stricter('CODE: 16', STRICT_SETTINGS),
  ),
  run('exportConfigs', '-c DefaultCluster -f <dir>/export', {
    files: ['<dir>/export/configs.json'],
    noise: ['order of members'],
    differs: ['settings'],
  }),
  run('exportMetadata', '-c DefaultCluster -f <dir>/export', {
    files: ['<dir>/export/metadata.json'],
    noise: ['order of members', 'versions'],
  }),
  run('exportMetadata', '-c DefaultCluster -t -f <dir>/export', {
    files: ['<dir>/export/topic.json'],
    noise: ['order of members', 'versions'],
  }),
  run('exportMetadata', '-b <broker> -t -s -f <dir>/export', {
    files: ['<dir>/export/topic.json'],
    noise: ['order of members', 'versions'],
  }),
  run('exportMetadata', '-b <broker> -g -f <dir>/export', {
    files: ['<dir>/export/subscriptionGroup.json'],
    noise: ['order of members', 'versions'],
  }),
  run('exportMetrics', '-c DefaultCluster -f <dir>/export', {
    files: ['<dir>/export/metrics.json'],
    noise: ['order of members', 'measured values'],
    differs: ['client settings'],
  }),
  run('exportPopRecord', '-b <broker> -d true', refused('CODE: 3', NO_ROCKSDB)),
  run('exportPopRecord', '-c DefaultCluster -d false'),
  run('cleanExpiredCQ', '-b <broker>'),
  run('cleanExpiredCQ', '-c DefaultCluster'),
  run('cleanUnusedTopic', '-b <broker>'),
  run('cleanUnusedTopic', '-c DefaultCluster'),
  run('deleteExpiredCommitLog', '-b <broker>'),
  run('deleteExpiredCommitLog', '-c DefaultCluster'),
  run('resetMasterFlushOffset', '-b <broker> -o 0'),
  run('haStatus', '-b <broker>'),
  run('haStatus', '-c DefaultCluster'),
  run('setCommitLogReadAheadMode', '-b <broker> -m 1', refused('CODE: 3', NO_COLD)),
  run('setCommitLogReadAheadMode', '-b <broker> -m 7'),
  run('getColdDataFlowCtrInfo', '-b <broker>', { noise: ['order of members'] }),
  run('updateColdDataFlowCtrGroupConfig', '-b <broker> -g OrdersGroup -v 1048576'),
  run('removeColdDataFlowCtrGroupConfig', '-b <broker> -g OrdersGroup'),
  run('switchTimerEngine', '-b <broker> -e F', refused('CODE: 3', NO_ROCKSDB)),
];

/** @type {Step[]} */
const nameservers = [
  run('updateKvConfig', '-s SOME_NAMESPACE -k some-key -v some-value'),
  run('deleteKvConfig', '-s SOME_NAMESPACE -k some-key'),
  run('deleteKvConfig', '-s SOME_NAMESPACE -k no-such-key'),
  run('wipeWritePerm', '-b broker-a'),
  run('topicRoute', '-t Orders -l'),
  run('addWritePerm', '-b broker-a'),
  run('topicRoute', '-t Orders -l'),
  run('wipeWritePerm', '-b no-such-broker'),
  run('addWritePerm', '-b no-such-broker'),
  run('getNamesrvConfig', '', {
    noise: ['order of lines', 'paths and ports'],
    differs: ['settings', 'defaults'],
  }),
  run('updateNamesrvConfig', '-k deleteTopicWithBrokerRegistration -v true'),
  run('updateNamesrvConfig', '-k kvConfigPath -v /nowhere', { differs: ['cause of a refusal'] }),
  run('updateNamesrvConfig', '-k noSuchKey -v 1', stricter('CODE: 29', STRICT_SETTINGS)),
  run(
    'updateNamesrvConfig',
    '-k scanNotActiveBrokerInterval -v soon',
    stricter('CODE: 16', STRICT_SETTINGS),
  ),
];

/** @type {Step[]} */
const elsewhere = [
  run('createUser', '-b <broker> -u alice -p secret -t Normal', refused('CODE: 3', NO_ACL)),
  run('updateUser', '-b <broker> -u alice -p other', refused('CODE: 3', NO_ACL)),
  run('getUser', '-b <broker> -u alice', refused('CODE: 3', NO_ACL)),
  run('listUser', '-b <broker>', refused('CODE: 3', NO_ACL)),
  run('copyUser', '-f <broker> -t <broker> -u alice', refused('CODE: 3', NO_ACL)),
  run(
    'createAcl',
    '-b <broker> -s User:alice -r Topic:Orders -a Pub -d Allow',
    refused('CODE: 3', NO_ACL),
  ),
  run(
    'updateAcl',
    '-b <broker> -s User:alice -r Topic:Orders -a Sub -d Allow',
    refused('CODE: 3', NO_ACL),
  ),
  run('getAcl', '-b <broker> -s User:alice', refused('CODE: 3', NO_ACL)),
  run('listAcl', '-b <broker>', refused('CODE: 3', NO_ACL)),
  run('copyAcl', '-f <broker> -t <broker> -s User:alice', refused('CODE: 3', NO_ACL)),
  run('deleteAcl', '-b <broker> -s User:alice', refused('CODE: 3', NO_ACL)),
  run('deleteUser', '-b <broker> -u alice', refused('CODE: 3', NO_ACL)),
  run('getSyncStateSet', '-a <namesrv> -b broker-a', refused('CODE: 3', NO_CONTROLLER)),
  run('getBrokerEpoch', '-b broker-a', refused('CODE: 3', NO_REPLICATION)),
  run('getControllerMetaData', '-a <namesrv>', refused('CODE: 3', NO_CONTROLLER)),
  run('getControllerConfig', '-a <namesrv>', refused('CODE: 3', NO_CONTROLLER)),
  run(
    'updateControllerConfig',
    '-a <namesrv> -k enableElectUncleanMaster -v true',
    refused('CODE: 3', NO_CONTROLLER),
  ),
  run(
    'electMaster',
    '-a <namesrv> -b 1 -bn broker-a -c DefaultCluster',
    refused('CODE: 3', NO_CONTROLLER),
  ),
  run(
    'cleanBrokerMetadata',
    '-a <namesrv> -b 1 -bn broker-a -c DefaultCluster',
    refused('CODE: 3', NO_CONTROLLER),
  ),
  run('addBroker', '-c <broker> -b /nowhere/broker.conf', refused('CODE: 3', NO_CONTAINER)),
  run('removeBroker', '-c <broker> -b DefaultCluster:broker-a:1', refused('CODE: 3', NO_CONTAINER)),
  run('rocksDBConfigToJson', '-t topics -b <broker>', neither(NO_ROCKSDB)),
  run('checkRocksdbCqWriteProgress', '-c DefaultCluster -t Orders', refused('CODE: 3', NO_ROCKSDB)),
  run('exportMetadataInRocksDB', '-p /nowhere -t topics', neither(NO_ROCKSDB)),
  run('dumpCompactionLog', '-f /nowhere', neither(NO_COMPACTION)),
  run('getBrokerLiteInfo', '-b <broker>', refused('CODE: 3', NO_LITE)),
  run('getParentTopicInfo', '-p Orders', neither(NO_LITE)),
  run('getLiteTopicInfo', '-p Orders -l part', neither(NO_LITE)),
  run('getLiteClientInfo', '-p Orders -g OrdersGroup -c <client-of-OrdersGroup>', neither(NO_LITE)),
  run('getLiteGroupInfo', '-p Orders -g OrdersGroup', neither(NO_LITE)),
  run('triggerLiteDispatch', '-p Orders -g OrdersGroup', neither(NO_LITE)),
];

/** @type {Step[]} */
const removal = [
  act('stopConsumer', { group: 'OrdersGroup' }),
  run('consumerConnection', '-g OrdersGroup'),
  run('deleteSubGroup', `${BROKER} -g OrdersGroup -r true`),
  run('deleteSubGroup', `${CLUSTER} -g PaymentsGroup`),
  run('deleteSubGroup', `${BROKER} -g NoSuchGroup`),
  run('getConsumerConfig', '-g OrdersGroup'),
  run('deleteTopic', `${CLUSTER} -t Payments`),
  run('deleteTopic', `${CLUSTER} -t NoSuchTopic`),
  run('deleteTopic', `${CLUSTER} -t TBW102`),
  run('topicRoute', '-t Payments'),
  run('cleanUnusedTopic', '-b <broker>'),
  run('topicList', '', { noise: ['order of lines'] }),
  run(
    'updateStaticTopic',
    '-t Static -qn 2 -c DefaultCluster',
    refused('CODE: 3', NO_STATIC_TOPICS),
  ),
  run(
    'remappingStaticTopic',
    '-t Static -c DefaultCluster',
    refused('No topic route', NO_STATIC_TOPICS),
  ),
  run('startMonitoring', '', { endless: 1_500 }),
];

export const steps = [
  ...topics,
  ...groups,
  ...messages,
  ...clients,
  ...progress,
  ...brokers,
  ...nameservers,
  ...elsewhere,
  ...removal,
];
