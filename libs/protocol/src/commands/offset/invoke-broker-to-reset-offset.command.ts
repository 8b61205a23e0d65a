import { defineCommand } from '../../define-command.js';
import { boolean, int32, int64, routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { ResetOffsetBody } from '../../bodies/offset-tables.js';
import { ResponseCode } from '../../response-code.js';

/** Moves a group to another place in its queues. */
export const InvokeBrokerToResetOffset = defineCommand({
  name: 'INVOKE_BROKER_TO_RESET_OFFSET',
  code: 222,
  direction: 'client to broker',
  doc: 'Moves a group to another place in its queues; the next pull learns it by PULL_OFFSET_MOVED.',
  request: {
    header: {
      ...routingFields,
      group: string({ doc: 'Consumer group.' }),
      topic: string({ doc: 'Topic name, namespace already applied.' }),
      queueId: int32({ default: -1, doc: 'Queue to reset; -1 means all.' }),
      offset: int64({
        optional: true,
        unit: 'messages',
        doc: 'Queue offset to go to; the timestamp decides where absent.',
      }),
      timestampMs: int64({
        wireName: 'timestamp',
        default: 0,
        saturate: true,
        unit: 'ms',
        doc: 'Store time to go to; -1 means the newest message.',
      }),
      isForce: boolean({ default: false, doc: 'Also move forward, not only back.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('ResetOffsetBody', ResetOffsetBody) },
  failures: [
    ResponseCode.TOPIC_NOT_EXIST,
    ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
    ResponseCode.CONSUMER_NOT_ONLINE,
    ResponseCode.INVALID_PARAMETER,
    ResponseCode.NO_PERMISSION,
  ],
  source: 'rocketmq 5.5.0: ResetOffsetRequestHeader; AdminBrokerProcessor#resetOffset',
});
