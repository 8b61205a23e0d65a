import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { ProducerTableInfo } from '../../bodies/connection-info.js';

/** Asks for all producers of a broker. */
export const GetAllProducerInfo = defineCommand({
  name: 'GET_ALL_PRODUCER_INFO',
  code: 328,
  direction: 'client to broker',
  doc: 'Asks for all producers of a broker.',
  request: { header: {}, body: noBody },
  response: { header: {}, body: jsonBody('ProducerTableInfo', ProducerTableInfo) },
  failures: [],
  source:
    'rocketmq 5.5.0: GetAllProducerInfoRequestHeader; AdminBrokerProcessor#getAllProducerInfo',
});
