import { defineCommand } from '../../define-command.js';
import { boolean } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { ConsumeStatsList } from '../../bodies/offset-tables.js';

/** Asks how far all groups of a broker are. */
export const GetBrokerConsumeStats = defineCommand({
  name: 'GET_BROKER_CONSUME_STATS',
  code: 317,
  direction: 'client to broker',
  doc: 'Asks how far all groups of a broker are.',
  request: {
    header: { isOrder: boolean({ default: false, doc: 'Only orderly groups.' }) },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('ConsumeStatsList', ConsumeStatsList) },
  failures: [],
  source:
    'rocketmq 5.5.0: GetConsumeStatsInBrokerHeader; AdminBrokerProcessor#fetchAllConsumeStatsInBroker',
});
