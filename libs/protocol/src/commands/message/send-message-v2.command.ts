import { defineCommand } from '../../define-command.js';
import { routingFields } from '../../schema/field.js';
import { noBody, rawBody } from '../../schema/body.codec.js';
import { sendAnswerFields, sendFailures, sendFieldsV2 } from './send-fields.js';

/** Stores one message; as SEND_MESSAGE with field names of one letter. */
export const SendMessageV2 = defineCommand({
  name: 'SEND_MESSAGE_V2',
  code: 310,
  direction: 'client to broker',
  doc: 'As SEND_MESSAGE with field names of one letter; what the Java client sends.',
  request: {
    header: { ...routingFields, ...sendFieldsV2 },
    body: rawBody('message body, at most 4 MiB'),
  },
  response: { header: { ...sendAnswerFields }, body: noBody },
  failures: sendFailures,
  source: 'rocketmq 5.5.0: SendMessageRequestHeaderV2; SendMessageProcessor',
});
