import type { SubscriptionGroupConfig } from '@rocketmq-ts/protocol';

/** A group with Apache's defaults. Source: rocketmq 5.x `SubscriptionGroupConfig`. */
export const subscriptionGroup = (groupName: string): SubscriptionGroupConfig => ({
  groupName,
  consumeEnable: true,
  consumeFromMinEnable: true,
  consumeBroadcastEnable: true,
  consumeMessageOrderly: false,
  retryQueueNums: 1,
  retryMaxTimes: 16,
  groupRetryPolicy: { type: 'CUSTOMIZED' },
  brokerId: 0,
  whichBrokerWhenConsumeSlowly: 1,
  notifyConsumerIdsChangedEnable: true,
  groupSysFlag: 0,
  consumeTimeoutMinute: 15,
  attributes: new Map(),
});

/** Groups that every broker knows from its birth. Source: rocketmq 5.x `SubscriptionGroupManager#init`. */
export const systemGroups = (): SubscriptionGroupConfig[] =>
  [
    'TOOLS_CONSUMER',
    'FILTERSRV_CONSUMER',
    'SELF_TEST_C_GROUP',
    'CID_ONS-HTTP-PROXY',
    'CID_ONSAPI_PULL',
    'CID_ONSAPI_PERMISSION',
    'CID_ONSAPI_OWNER',
    'CID_RMQ_SYS_TRANS',
  ].map(subscriptionGroup);
