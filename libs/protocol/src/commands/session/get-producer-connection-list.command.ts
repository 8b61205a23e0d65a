import { defineCommand } from '../../define-command.js';
import { rpcFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { ProducerConnection } from '../../bodies/connection-info.js';

/** Asks for the members of a producer group. */
export const GetProducerConnectionList = defineCommand({
  name: 'GET_PRODUCER_CONNECTION_LIST',
  code: 204,
  direction: 'client to broker',
  doc: 'Asks for the members of a producer group.',
  request: {
    header: { ...rpcFields, producerGroup: string({ doc: 'Producer group.' }) },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('ProducerConnection', ProducerConnection) },
  failures: [],
  source:
    'rocketmq 5.5.0: GetProducerConnectionListRequestHeader; AdminBrokerProcessor#getProducerConnectionList',
});
