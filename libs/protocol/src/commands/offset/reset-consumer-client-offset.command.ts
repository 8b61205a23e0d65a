import { defineCommand } from '../../define-command.js';
import { boolean, int32, int64, routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { ClientResetOffsets } from '../../bodies/offset-tables.js';

/** Tells a consumer to go to other offsets; one-way. */
export const ResetConsumerClientOffset = defineCommand({
  name: 'RESET_CONSUMER_CLIENT_OFFSET',
  code: 220,
  direction: 'broker to client',
  doc: 'Tells a consumer to go to other offsets; one-way.',
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
    body: jsonBody('ClientResetOffsets', ClientResetOffsets),
  },
  response: { header: {}, body: noBody },
  failures: [],
  source: 'rocketmq 5.5.0: ResetOffsetRequestHeader; ClientRemotingProcessor#resetOffset',
});
