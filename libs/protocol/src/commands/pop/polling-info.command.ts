import { defineCommand } from '../../define-command.js';
import { int32, routingFields } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';
import { anyQueueTarget } from './pop-fields.js';

/** Asks how many pops wait for messages. */
export const PollingInfo = defineCommand({
  name: 'POLLING_INFO',
  code: 200055,
  direction: 'client to broker',
  doc: 'Asks how many pops of a group wait for messages of a queue, or of all queues (-1).',
  request: { header: { ...routingFields, ...anyQueueTarget }, body: noBody },
  response: {
    header: { pollingNum: int32({ default: 0, unit: 'requests', doc: 'Pops that wait.' }) },
    body: noBody,
  },
  failures: [
    ResponseCode.INVALID_PARAMETER,
    ResponseCode.NO_PERMISSION,
    ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
    ResponseCode.TOPIC_NOT_EXIST,
  ],
  source: 'rocketmq 5.5.0: PollingInfoRequestHeader; PollingInfoProcessor',
});
