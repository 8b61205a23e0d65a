import { defineCommand } from '../../define-command.js';
import { routingFields } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';
import { handleFields, popTarget } from './pop-fields.js';

/** Says that a popped message was consumed. */
export const AckMessage = defineCommand({
  name: 'ACK_MESSAGE',
  code: 200051,
  direction: 'client to broker',
  doc: 'Says that a popped message was consumed.',
  request: { header: { ...routingFields, ...popTarget, ...handleFields }, body: noBody },
  response: { header: {}, body: noBody },
  failures: [
    ResponseCode.MESSAGE_ILLEGAL,
    ResponseCode.NO_MESSAGE,
    ResponseCode.TOPIC_NOT_EXIST,
    ResponseCode.SERVICE_NOT_AVAILABLE,
  ],
  source: 'rocketmq 5.5.0: AckMessageRequestHeader; AckMessageProcessor',
});
