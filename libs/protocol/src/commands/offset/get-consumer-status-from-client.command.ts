import { defineCommand } from '../../define-command.js';
import { routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { ConsumerStatusBody } from '../../bodies/offset-tables.js';

/** Asks a consumer which offsets it stands at. */
export const GetConsumerStatusFromClient = defineCommand({
  name: 'GET_CONSUMER_STATUS_FROM_CLIENT',
  code: 221,
  direction: 'broker to client',
  doc: 'Asks a consumer which offsets it stands at.',
  request: {
    header: {
      ...routingFields,
      topic: string({ doc: 'Topic name, namespace already applied.' }),
      group: string({ doc: 'Consumer group.' }),
      clientAddr: string({ optional: true, doc: 'Ask only the client with this id.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('ConsumerStatusBody', ConsumerStatusBody) },
  failures: [],
  source:
    'rocketmq 5.5.0: GetConsumerStatusRequestHeader; ClientRemotingProcessor#getConsumeStatus',
});
