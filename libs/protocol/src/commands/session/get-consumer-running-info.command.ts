import { defineCommand } from '../../define-command.js';
import { boolean, rpcFields, string } from '../../schema/field.js';
import { noBody, rawBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Asks a consumer, through its broker, what it is doing. */
export const GetConsumerRunningInfo = defineCommand({
  name: 'GET_CONSUMER_RUNNING_INFO',
  code: 307,
  direction: 'client to broker',
  doc: 'Asks a consumer, through its broker, what it is doing.',
  request: {
    header: {
      ...rpcFields,
      consumerGroup: string({ doc: 'Consumer group.' }),
      clientId: string({ doc: 'Id of the client.' }),
      jstackEnable: boolean({ default: false, doc: 'Also its stacks.' }),
    },
    body: noBody,
  },
  response: {
    header: {},
    body: rawBody('ConsumerRunningInfo (JSON), passed on as the client wrote it'),
  },
  failures: [ResponseCode.CONSUME_MSG_TIMEOUT, ResponseCode.CONSUMER_NOT_ONLINE],
  source: 'rocketmq 5.5.0: GetConsumerRunningInfoRequestHeader; AdminBrokerProcessor#callConsumer',
});
