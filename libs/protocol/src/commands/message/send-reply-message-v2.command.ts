import { defineCommand } from '../../define-command.js';
import { routingFields } from '../../schema/field.js';
import { noBody, rawBody } from '../../schema/body.codec.js';
import { replyFailures, sendAnswerFields, sendFieldsV2 } from './send-fields.js';

/** Answers a request message; as SEND_REPLY_MESSAGE with field names of one letter. */
export const SendReplyMessageV2 = defineCommand({
  name: 'SEND_REPLY_MESSAGE_V2',
  code: 325,
  direction: 'client to broker',
  doc: 'As SEND_REPLY_MESSAGE with field names of one letter; what the Java client sends.',
  request: {
    header: { ...routingFields, ...sendFieldsV2 },
    body: rawBody('body of the reply, at most 4 MiB'),
  },
  response: { header: { ...sendAnswerFields }, body: noBody },
  failures: replyFailures,
  source: 'rocketmq 5.5.0: SendMessageRequestHeaderV2; ReplyMessageProcessor',
});
