import { defineCommand } from '../../define-command.js';
import { rpcFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { ConsumerConnection } from '../../bodies/connection-info.js';
import { ResponseCode } from '../../response-code.js';

/** Asks for the members of a consumer group. */
export const GetConsumerConnectionList = defineCommand({
  name: 'GET_CONSUMER_CONNECTION_LIST',
  code: 203,
  direction: 'client to broker',
  doc: 'Asks for the members of a consumer group.',
  request: {
    header: { ...rpcFields, consumerGroup: string({ doc: 'Consumer group.' }) },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('ConsumerConnection', ConsumerConnection) },
  failures: [ResponseCode.CONSUMER_NOT_ONLINE],
  source:
    'rocketmq 5.5.0: GetConsumerConnectionListRequestHeader; AdminBrokerProcessor#getConsumerConnectionList',
});
