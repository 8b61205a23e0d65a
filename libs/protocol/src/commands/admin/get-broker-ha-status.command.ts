import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { HaRuntimeInfo } from '../../bodies/ha-runtime-info.js';

/** Asks for the copies of a broker and how far they are. */
export const GetBrokerHaStatus = defineCommand({
  name: 'GET_BROKER_HA_STATUS',
  code: 907,
  direction: 'client to broker',
  doc: 'Asks for the copies of a broker and how far they are.',
  request: { header: {}, body: noBody },
  response: { header: {}, body: jsonBody('HaRuntimeInfo', HaRuntimeInfo) },
  failures: [],
  source: 'rocketmq 5.5.0: AdminBrokerProcessor#getBrokerHaStatus',
});
