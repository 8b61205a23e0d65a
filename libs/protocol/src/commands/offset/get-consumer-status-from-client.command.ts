import { defineCommand } from '../../define-command.js';
import { routingFields } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { ConsumerStatusBody } from '../../bodies/offset-tables.js';
import { consumerStatusFields } from './group-offset-fields.js';

/** Asks a consumer which offsets it stands at. */
export const GetConsumerStatusFromClient = defineCommand({
  name: 'GET_CONSUMER_STATUS_FROM_CLIENT',
  code: 221,
  direction: 'broker to client',
  doc: 'Asks a consumer which offsets it stands at.',
  request: {
    header: {
      ...routingFields,
      ...consumerStatusFields,
    },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('ConsumerStatusBody', ConsumerStatusBody) },
  failures: [],
  source:
    'rocketmq 5.5.0: GetConsumerStatusRequestHeader; ClientRemotingProcessor#getConsumeStatus',
});
