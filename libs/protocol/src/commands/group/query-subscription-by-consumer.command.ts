import { defineCommand } from '../../define-command.js';
import { routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { QuerySubscriptionResponse } from '../../bodies/connection-info.js';

/** Asks what a group wants of a topic. */
export const QuerySubscriptionByConsumer = defineCommand({
  name: 'QUERY_SUBSCRIPTION_BY_CONSUMER',
  code: 345,
  direction: 'client to broker',
  doc: 'Asks what a group wants of a topic.',
  request: {
    header: {
      ...routingFields,
      group: string({ doc: 'Consumer group.' }),
      topic: string({ optional: true, doc: 'Topic name, namespace already applied.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('QuerySubscriptionResponse', QuerySubscriptionResponse) },
  failures: [],
  source:
    'rocketmq 5.5.0: QuerySubscriptionByConsumerRequestHeader; AdminBrokerProcessor#querySubscriptionByConsumer',
});
