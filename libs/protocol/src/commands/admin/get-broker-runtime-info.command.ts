import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { KvTable } from '../../bodies/broker-stats.js';

/** Asks for the figures that mqadmin shows of a broker. */
export const GetBrokerRuntimeInfo = defineCommand({
  name: 'GET_BROKER_RUNTIME_INFO',
  code: 28,
  direction: 'client to broker',
  doc: 'Asks for the figures that mqadmin shows of a broker.',
  request: { header: {}, body: noBody },
  response: { header: {}, body: jsonBody('KvTable', KvTable) },
  failures: [],
  source: 'rocketmq 5.5.0: AdminBrokerProcessor#getBrokerRuntimeInfo',
});
