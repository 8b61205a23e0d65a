import { defineCommand } from '../../define-command.js';
import { ResponseCode } from '../../response-code.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { SubscriptionGroupList } from '../../bodies/subscription-group-config.js';

/** Creates several consumer groups or changes their settings. */
export const UpdateAndCreateSubscriptiongroupList = defineCommand({
  name: 'UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST',
  code: 225,
  direction: 'client to broker',
  doc: 'Creates several consumer groups or changes their settings.',
  request: { header: {}, body: jsonBody('SubscriptionGroupList', SubscriptionGroupList) },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.INVALID_PARAMETER, ResponseCode.NO_PERMISSION],
  source: 'rocketmq 5.5.0: AdminBrokerProcessor#updateAndCreateSubscriptionGroupList',
});
