import { defineCommand } from '../../define-command.js';
import { routingFields } from '../../schema/field.js';
import { noBody, rawBody } from '../../schema/body.codec.js';
import { replyFailures, sendAnswerFields, sendFields } from './send-fields.js';

/** Answers a request message; header fields by their long names. */
export const SendReplyMessage = defineCommand({
  name: 'SEND_REPLY_MESSAGE',
  code: 324,
  direction: 'client to broker',
  doc: 'Answers a request message: the broker hands the reply to the client that waits for it, and stores it where configured.',
  request: {
    header: { ...routingFields, ...sendFields },
    body: rawBody('body of the reply, at most 4 MiB'),
  },
  response: { header: { ...sendAnswerFields }, body: noBody },
  failures: replyFailures,
  source: 'rocketmq 5.5.0: SendMessageRequestHeader; ReplyMessageProcessor',
});
