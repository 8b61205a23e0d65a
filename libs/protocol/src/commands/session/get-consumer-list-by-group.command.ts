import { defineCommand } from '../../define-command.js';
import { rpcFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { ConsumerList } from '../../bodies/connection-info.js';

/** Asks for the client ids of a group: the base of rebalancing. */
export const GetConsumerListByGroup = defineCommand({
  name: 'GET_CONSUMER_LIST_BY_GROUP',
  code: 38,
  direction: 'client to broker',
  doc: 'Client ids of a group, in any order. SYSTEM_ERROR where it has none.',
  request: {
    header: { ...rpcFields, consumerGroup: string({ doc: 'Consumer group.' }) },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('ConsumerList', ConsumerList) },
  failures: [],
  source:
    'rocketmq 5.5.0: GetConsumerListByGroupRequestHeader; ConsumerManageProcessor#getConsumerListByGroup',
});
