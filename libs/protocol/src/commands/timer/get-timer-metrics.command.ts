import { TimerMetricsWrapper } from '../../bodies/offset-tables.js';
import { defineCommand } from '../../define-command.js';
import { jsonBody } from '../../json/json-text.js';
import { noBody } from '../../schema/body.codec.js';

/** Asks how many timed messages wait. */
export const GetTimerMetrics = defineCommand({
  name: 'GET_TIMER_METRICS',
  code: 61,
  direction: 'client to broker',
  doc: 'How many timed messages wait, by topic. SYSTEM_ERROR where there is no timer.',
  request: { header: {}, body: noBody },
  response: { header: {}, body: jsonBody('TimerMetricsSerializeWrapper', TimerMetricsWrapper) },
  failures: [],
  source: 'rocketmq 5.5.0: TimerMetrics#encode; AdminBrokerProcessor#getTimerMetrics',
});
