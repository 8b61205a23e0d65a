import { defineCommand } from '../../define-command.js';
import { routingFields } from '../../schema/field.js';
import { noBody, rawBody } from '../../schema/body.codec.js';
import { sendAnswerFields, sendFailures, sendFields } from './send-fields.js';

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
  failures: sendFailures,
  source: 'rocketmq 5.5.0: SendMessageRequestHeader; SendMessageProcessor',
});
