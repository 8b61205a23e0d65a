import { defineCommand } from '../../define-command.js';
import { int32, int64 } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';
import { pollFields, popRequestFields, poppedMessages, selectionFields } from './pop-fields.js';

/** Takes messages out of a topic for a while. */
export const PopMessage = defineCommand({
  name: 'POP_MESSAGE',
  code: 200050,
  direction: 'client to broker',
  doc: 'Takes messages out of one queue or all queues of a topic: they are invisible to others until acknowledged or until their time is up. Waits for a first message if asked to.',
  request: {
    header: {
      ...popRequestFields,
      invisibleTimeMs: int64({
        wireName: 'invisibleTime',
        default: 0,
        unit: 'ms',
        saturate: true,
        doc: 'How long the messages shall not be given to anybody else.',
      }),
      ...pollFields,
      initMode: int32({
        default: 0,
        doc: 'Where a new group begins: 0 at the first message, 1 at the last.',
      }),
      ...selectionFields,
    },
    body: noBody,
  },
  response: poppedMessages,
  failures: [
    ResponseCode.INVALID_PARAMETER,
    ResponseCode.NO_PERMISSION,
    ResponseCode.POLLING_FULL,
    ResponseCode.POLLING_TIMEOUT,
    ResponseCode.SUBSCRIPTION_PARSE_FAILED,
    ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
    ResponseCode.TOPIC_NOT_EXIST,
  ],
  source: 'rocketmq 5.5.0: PopMessageRequestHeader; PopMessageProcessor',
});
