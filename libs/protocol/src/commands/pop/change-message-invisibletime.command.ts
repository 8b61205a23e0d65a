import { defineCommand } from '../../define-command.js';
import { boolean, int32, int64, routingFields } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';
import { handleFields, popTarget } from './pop-fields.js';

/** Gives a popped message a new invisible time. */
export const ChangeMessageInvisibletime = defineCommand({
  name: 'CHANGE_MESSAGE_INVISIBLETIME',
  code: 200053,
  direction: 'client to broker',
  doc: 'Gives a popped message a new invisible time, counted from now. Its old handle ends; a new one is made of the answer.',
  request: {
    header: {
      ...routingFields,
      ...popTarget,
      ...handleFields,
      invisibleTimeMs: int64({
        wireName: 'invisibleTime',
        unit: 'ms',
        saturate: true,
        doc: 'How long the message shall still not be given to anybody else.',
      }),
      suspend: boolean({
        default: false,
        doc: 'Whether the message may come again without this counting as a failed try (5.5).',
      }),
    },
    body: noBody,
  },
  response: {
    header: {
      popTimeMs: int64({
        wireName: 'popTime',
        default: 0,
        unit: 'ms',
        doc: 'Pop time of the new handle.',
      }),
      invisibleTimeMs: int64({
        wireName: 'invisibleTime',
        default: 0,
        unit: 'ms',
        doc: 'Invisible time of the new handle.',
      }),
      reviveQueueId: int32({
        wireName: 'reviveQid',
        default: 0,
        doc: 'Revive queue of the new handle.',
      }),
    },
    body: noBody,
  },
  failures: [
    ResponseCode.MESSAGE_ILLEGAL,
    ResponseCode.NO_MESSAGE,
    ResponseCode.TOPIC_NOT_EXIST,
    ResponseCode.SERVICE_NOT_AVAILABLE,
  ],
  source: 'rocketmq 5.5.0: ChangeInvisibleTimeRequestHeader; ChangeInvisibleTimeProcessor',
});
