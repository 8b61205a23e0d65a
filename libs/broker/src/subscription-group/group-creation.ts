import { defaultSubscriptionGroup } from '@rocketmq-ts/protocol';
import type { SubscriptionGroupConfig } from '@rocketmq-ts/protocol';

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
  ].map(defaultSubscriptionGroup);
