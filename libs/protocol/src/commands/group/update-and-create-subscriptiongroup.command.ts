import { defineCommand } from '../../define-command.js';
import { ResponseCode } from '../../response-code.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { SubscriptionGroupConfig } from '../../bodies/subscription-group-config.js';

/** Creates a consumer group or changes its settings. */
export const UpdateAndCreateSubscriptiongroup = defineCommand({
  name: 'UPDATE_AND_CREATE_SUBSCRIPTIONGROUP',
  code: 200,
  direction: 'client to broker',
  doc: 'Creates a consumer group or changes its settings.',
  request: { header: {}, body: jsonBody('SubscriptionGroupConfig', SubscriptionGroupConfig) },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.INVALID_PARAMETER, ResponseCode.NO_PERMISSION],
  source: 'rocketmq 5.5.0: AdminBrokerProcessor#updateAndCreateSubscriptionGroup',
});
