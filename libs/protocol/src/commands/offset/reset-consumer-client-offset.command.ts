import { defineCommand } from '../../define-command.js';
import { routingFields } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { ClientResetOffsets } from '../../bodies/offset-tables.js';
import { resetOffsetFields } from './group-offset-fields.js';

/** Tells a consumer to go to other offsets; one-way. */
export const ResetConsumerClientOffset = defineCommand({
  name: 'RESET_CONSUMER_CLIENT_OFFSET',
  code: 220,
  direction: 'broker to client',
  doc: 'Tells a consumer to go to other offsets; one-way.',
  request: {
    header: {
      ...routingFields,
      ...resetOffsetFields,
    },
    body: jsonBody('ClientResetOffsets', ClientResetOffsets),
  },
  response: { header: {}, body: noBody },
  failures: [],
  source: 'rocketmq 5.5.0: ResetOffsetRequestHeader; ClientRemotingProcessor#resetOffset',
});
