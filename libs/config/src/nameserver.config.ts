import {
  BooleanKey,
  IntegerKey,
  PathKey,
  TextKey,
  type ConfigRelation,
} from './config-key.decorator.js';
import { namedAddressesProblem } from './listeners.js';
import { peerRuleProblem } from './peer-rule.js';

/** Settings of a nameserver. Source of names and defaults: rocketmq 5.5.0 `NamesrvConfig`. */
export class NameserverConfig {
  static readonly group = 'nameserver';
  static readonly relations: readonly ConfigRelation<NameserverConfig>[] = [
    {
      rule: 'N1: inactiveBrokerScanIntervalMs < brokerExpiryMs',
      because: 'a broker must not stay in routes for longer than twice its expiry',
      keys: ['inactiveBrokerScanIntervalMs', 'brokerExpiryMs'],
      holds: ({ inactiveBrokerScanIntervalMs, brokerExpiryMs }) =>
        inactiveBrokerScanIntervalMs < brokerExpiryMs,
    },
  ];

  @IntegerKey({
    java: 'listenPort',
    doc: 'Port for clients and brokers; 0 takes a free one.',
    unit: 'port',
    min: 0,
    max: 65_535,
  })
  listenPort = 9876;

  @TextKey({ java: 'bindAddress', doc: 'Address to listen on.' })
  bindAddress = '0.0.0.0';

  @TextKey({
    doc: 'Named listeners, name:host:port,…; replaces bindAddress and listenPort. A query is answered with the address that a broker advertises under the name of the listener it came in on.',
    check: namedAddressesProblem,
  })
  listeners = '';

  @PathKey({ java: 'kvConfigPath', doc: 'File that keeps the key-value configuration.' })
  kvConfigPath = '~/namesrv/kvConfig.json';

  @IntegerKey({
    java: 'scanNotActiveBrokerInterval',
    doc: 'How often brokers are looked at that have not been heard of.',
    unit: 'ms',
    min: 100,
    max: 3_600_000,
  })
  inactiveBrokerScanIntervalMs = 5_000;

  @IntegerKey({
    doc: 'Silence after which a broker leaves the routes, unless its registration says otherwise.',
    unit: 'ms',
    min: 1_000,
    max: 3_600_000,
    reloadable: true,
  })
  brokerExpiryMs = 120_000;

  @IntegerKey({
    doc: 'A broker may not take over the name and id of another address that was heard of within this time and is still connected.',
    unit: 'ms',
    min: 0,
    max: 3_600_000,
    reloadable: true,
    danger: '0 lets two brokers with the same name and id push each other out of the routes.',
  })
  brokerTakeoverMs = 45_000;

  @BooleanKey({
    java: 'orderMessageEnable',
    doc: 'Routes carry the layout of ordered topics.',
    reloadable: true,
  })
  orderMessageEnable = false;

  @BooleanKey({
    java: 'returnOrderTopicConfigToBroker',
    doc: 'Answers to registrations carry the layout of ordered topics.',
    reloadable: true,
  })
  returnOrderTopicConfigToBroker = true;

  @BooleanKey({
    java: 'supportActingMaster',
    doc: 'Routes name the slave with the smallest id where the master is gone and its group wants that.',
    reloadable: true,
  })
  supportActingMaster = false;

  @BooleanKey({
    java: 'notifyMinBrokerIdChanged',
    doc: 'Brokers of a group are told when the smallest id in it becomes another.',
    reloadable: true,
  })
  notifyMinBrokerIdChanged = false;

  @BooleanKey({
    java: 'enableAllTopicList',
    doc: 'Whether all topics may be listed.',
    reloadable: true,
  })
  enableAllTopicList = true;

  @BooleanKey({
    java: 'enableTopicList',
    doc: 'Whether topics of a cluster or unit may be listed.',
    reloadable: true,
  })
  enableTopicList = true;

  @BooleanKey({
    java: 'needWaitForService',
    doc: 'Routes are refused for a while after the start, so that no client sees half of the brokers.',
    reloadable: true,
  })
  needWaitForService = false;

  @IntegerKey({
    java: { key: 'waitSecondsForService', factor: 1_000 },
    doc: 'How long after the start needWaitForService refuses.',
    unit: 'ms',
    min: 0,
    max: 3_600_000,
    reloadable: true,
  })
  waitForServiceMs = 45_000;

  @BooleanKey({
    java: 'deleteTopicWithBrokerRegistration',
    doc: 'A registration removes topics of its broker that it does not name.',
    reloadable: true,
    danger:
      'Brokers that register topic by topic (enableSingleTopicRegister) would lose the others.',
  })
  deleteTopicWithBrokerRegistration = false;

  @IntegerKey({
    doc: 'Brokers that may be registered; more are refused.',
    unit: 'brokers',
    min: 1,
    max: 1_000_000,
  })
  brokerCountMax = 10_000;

  @IntegerKey({
    doc: 'Topic entries over all brokers; registrations that bring more are refused.',
    unit: 'entries',
    min: 1,
    max: 100_000_000,
  })
  topicEntryCountMax = 2_000_000;

  @IntegerKey({
    doc: 'Key-value entries over all namespaces.',
    unit: 'entries',
    min: 1,
    max: 10_000_000,
  })
  kvEntryCountMax = 100_000;

  @TextKey({
    doc: 'Peers that may change routes, key-value entries and settings: any, local, addresses, networks.',
    danger: 'any lets everybody who reaches the port take topics out of the routes.',
    check: peerRuleProblem,
  })
  adminPeers = 'local';

  @TextKey({
    doc: 'Peers that may register brokers: any, local, addresses, networks.',
    danger: 'any lets everybody who reaches the port send clients to an address of his choice.',
    check: peerRuleProblem,
  })
  brokerPeers = 'any';
}
