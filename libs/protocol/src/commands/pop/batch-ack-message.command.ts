import { defineCommand } from '../../define-command.js';
import { jsonBody } from '../../json/json-text.js';
import { BatchAckBody } from '../../bodies/pop-bodies.js';
import { ResponseCode } from '../../response-code.js';
import { noBody } from '../../schema/body.codec.js';

/** Says that many popped messages were consumed. */
export const BatchAckMessage = defineCommand({
  name: 'BATCH_ACK_MESSAGE',
  code: 200151,
  direction: 'client to broker',
  doc: 'Says that many popped messages were consumed, by checkpoint.',
  request: { header: {}, body: jsonBody('BatchAckMessageRequestBody', BatchAckBody) },
  response: { header: {}, body: noBody },
  failures: [
    ResponseCode.MESSAGE_ILLEGAL,
    ResponseCode.NO_MESSAGE,
    ResponseCode.SERVICE_NOT_AVAILABLE,
  ],
  source: 'rocketmq 5.5.0: BatchAckMessageRequestBody; AckMessageProcessor',
});
