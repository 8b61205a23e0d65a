import { defineCommand } from '../../define-command.js';
import { string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { BrokerStatsData } from '../../bodies/broker-stats.js';

/** Asks for one of the counters that a broker keeps per minute, hour and day. */
export const ViewBrokerStatsData = defineCommand({
  name: 'VIEW_BROKER_STATS_DATA',
  code: 315,
  direction: 'client to broker',
  doc: 'Asks for one of the counters that a broker keeps per minute, hour and day.',
  request: {
    header: {
      statsName: string({ doc: 'E.g. TOPIC_PUT_NUMS.' }),
      statsKey: string({ doc: 'E.g. the topic.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('BrokerStatsData', BrokerStatsData) },
  failures: [],
  source:
    'rocketmq 5.5.0: ViewBrokerStatsDataRequestHeader; AdminBrokerProcessor#viewBrokerStatsData',
});
