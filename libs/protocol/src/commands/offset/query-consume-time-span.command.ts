import { defineCommand } from '../../define-command.js';
import { routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { ConsumeTimeSpanBody } from '../../bodies/offset-tables.js';
import { ResponseCode } from '../../response-code.js';

/** Asks for the store times between which the messages of a topic lie, and how far a group is. */
export const QueryConsumeTimeSpan = defineCommand({
  name: 'QUERY_CONSUME_TIME_SPAN',
  code: 303,
  direction: 'client to broker',
  doc: 'Asks for the store times between which the messages of a topic lie, and how far a group is.',
  request: {
    header: {
      ...routingFields,
      topic: string({ doc: 'Topic name, namespace already applied.' }),
      group: string({ doc: 'Consumer group.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('ConsumeTimeSpanBody', ConsumeTimeSpanBody) },
  failures: [ResponseCode.TOPIC_NOT_EXIST],
  source:
    'rocketmq 5.5.0: QueryConsumeTimeSpanRequestHeader; AdminBrokerProcessor#queryConsumeTimeSpan',
});
