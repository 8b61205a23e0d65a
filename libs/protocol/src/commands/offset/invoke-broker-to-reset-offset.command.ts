import { defineCommand } from '../../define-command.js';
import { routingFields } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { ResetOffsetBody } from '../../bodies/offset-tables.js';
import { ResponseCode } from '../../response-code.js';
import { resetOffsetFields } from './group-offset-fields.js';

/** Moves a group to another place in its queues. */
export const InvokeBrokerToResetOffset = defineCommand({
  name: 'INVOKE_BROKER_TO_RESET_OFFSET',
  code: 222,
  direction: 'client to broker',
  doc: 'Moves a group to another place in its queues; the next pull learns it by PULL_OFFSET_MOVED.',
  request: {
    header: {
      ...routingFields,
      ...resetOffsetFields,
    },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('ResetOffsetBody', ResetOffsetBody) },
  failures: [
    ResponseCode.TOPIC_NOT_EXIST,
    ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
    ResponseCode.CONSUMER_NOT_ONLINE,
    ResponseCode.INVALID_PARAMETER,
    ResponseCode.NO_PERMISSION,
  ],
  source: 'rocketmq 5.5.0: ResetOffsetRequestHeader; AdminBrokerProcessor#resetOffset',
});
