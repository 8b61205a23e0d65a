import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';
import { popRequestFields, poppedMessages } from './pop-fields.js';

/** Shows what a pop would give, and takes nothing. */
export const PeekMessage = defineCommand({
  name: 'PEEK_MESSAGE',
  code: 200052,
  direction: 'client to broker',
  doc: 'Shows what a pop would give, and takes nothing.',
  request: {
    header: popRequestFields,
    body: noBody,
  },
  response: poppedMessages,
  failures: [
    ResponseCode.INVALID_PARAMETER,
    ResponseCode.NO_PERMISSION,
    ResponseCode.PULL_NOT_FOUND,
    ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
    ResponseCode.TOPIC_NOT_EXIST,
  ],
  source: 'rocketmq 5.5.0: PeekMessageRequestHeader; PeekMessageProcessor',
});
