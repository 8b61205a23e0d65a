import { defineCommand } from '../../define-command.js';
import { routingFields } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { ConsumerStatusBody } from '../../bodies/offset-tables.js';
import { ResponseCode } from '../../response-code.js';
import { consumerStatusFields } from './group-offset-fields.js';

/** Asks every consumer of a group, through its broker, which offsets it stands at. */
export const InvokeBrokerToGetConsumerStatus = defineCommand({
  name: 'INVOKE_BROKER_TO_GET_CONSUMER_STATUS',
  code: 223,
  direction: 'client to broker',
  doc: 'Asks every consumer of a group, through its broker, which offsets it stands at.',
  request: {
    header: {
      ...routingFields,
      ...consumerStatusFields,
    },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('ConsumerStatusBody', ConsumerStatusBody) },
  failures: [ResponseCode.CONSUMER_NOT_ONLINE],
  source: 'rocketmq 5.5.0: GetConsumerStatusRequestHeader; AdminBrokerProcessor#getConsumerStatus',
});
