import { defineCommand } from '../../define-command.js';
import { routingFields } from '../../schema/field.js';
import { noBody, rawBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';
import { sendAnswerFields, sendFields } from './send-fields.js';

/** Stores one message; header fields by their long names. */
export const SendMessage = defineCommand({
  name: 'SEND_MESSAGE',
  code: 10,
  direction: 'client to broker',
  doc: 'Stores one message. Answers 10, 11 and 12 mean that it is stored and how far its safety got.',
  request: {
    header: { ...routingFields, ...sendFields },
    body: rawBody('message body, at most 4 MiB'),
  },
  response: { header: { ...sendAnswerFields }, body: noBody },
  failures: [
    ResponseCode.FLUSH_DISK_TIMEOUT,
    ResponseCode.SLAVE_NOT_AVAILABLE,
    ResponseCode.FLUSH_SLAVE_TIMEOUT,
    ResponseCode.MESSAGE_ILLEGAL,
    ResponseCode.SERVICE_NOT_AVAILABLE,
    ResponseCode.TOPIC_NOT_EXIST,
    ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
  ],
  source: 'rocketmq 5.5.0: SendMessageRequestHeader; SendMessageProcessor',
});
