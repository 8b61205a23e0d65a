import { ConsumerOffsetWrapper } from '../../bodies/offset-tables.js';
import { defineCommand } from '../../define-command.js';
import { jsonBody } from '../../json/json-text.js';
import { noBody } from '../../schema/body.codec.js';

/** Asks how far all groups are; a slave copies it. */
export const GetAllConsumerOffset = defineCommand({
  name: 'GET_ALL_CONSUMER_OFFSET',
  code: 43,
  direction: 'broker to broker',
  doc: 'Asks how far all groups are in all queues; a slave copies it.',
  request: { header: {}, body: noBody },
  response: {
    header: {},
    body: jsonBody('ConsumerOffsetSerializeWrapper', ConsumerOffsetWrapper),
  },
  failures: [],
  source: 'rocketmq 5.5.0: AdminBrokerProcessor#getAllConsumerOffset',
});
