import { defineCommand } from '../../define-command.js';
import { routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { ConsumeStats } from '../../bodies/offset-tables.js';

/** Asks how far a group is in its queues. */
export const GetConsumeStats = defineCommand({
  name: 'GET_CONSUME_STATS',
  code: 208,
  direction: 'client to broker',
  doc: 'Asks how far a group is in its queues.',
  request: {
    header: {
      ...routingFields,
      consumerGroup: string({ doc: 'Consumer group.' }),
      topic: string({ optional: true, doc: 'Only this topic.' }),
      topicList: string({ optional: true, doc: 'Only these topics, separated by semicolons.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('ConsumeStats', ConsumeStats) },
  failures: [],
  source: 'rocketmq 5.5.0: GetConsumeStatsRequestHeader; AdminBrokerProcessor#getConsumeStats',
});
