import { defineCommand } from '../../define-command.js';
import { rpcFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { SubscriptionGroupConfig } from '../../bodies/subscription-group-config.js';
import { ResponseCode } from '../../response-code.js';

/** Asks for the settings of one consumer group. */
export const GetSubscriptiongroupConfig = defineCommand({
  name: 'GET_SUBSCRIPTIONGROUP_CONFIG',
  code: 352,
  direction: 'client to broker',
  doc: 'Asks for the settings of one consumer group.',
  request: { header: { ...rpcFields, group: string({ doc: 'Consumer group.' }) }, body: noBody },
  response: { header: {}, body: jsonBody('SubscriptionGroupConfig', SubscriptionGroupConfig) },
  failures: [ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST],
  source:
    'rocketmq 5.5.0: GetSubscriptionGroupConfigRequestHeader; AdminBrokerProcessor#getSubscriptionGroup',
});
