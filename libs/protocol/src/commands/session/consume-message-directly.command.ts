import { defineCommand } from '../../define-command.js';
import { int32, routingFields, string } from '../../schema/field.js';
import { rawBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Has one consumer, through its broker, handle one message. */
export const ConsumeMessageDirectly = defineCommand({
  name: 'CONSUME_MESSAGE_DIRECTLY',
  code: 309,
  direction: 'client to broker',
  doc: 'Has one consumer, through its broker, handle one message.',
  request: {
    header: {
      ...routingFields,
      consumerGroup: string({ doc: 'Consumer group.' }),
      clientId: string({ optional: true, doc: 'Id of the client.' }),
      msgId: string({ optional: true, doc: 'Offset message id, or unique key.' }),
      brokerName: string({ optional: true, doc: 'Set by the broker for the client.' }),
      topic: string({ optional: true, doc: 'Topic of the message.' }),
      topicSysFlag: int32({ optional: true, doc: 'Set by the broker for the client.' }),
      groupSysFlag: int32({ optional: true, doc: 'Set by the broker for the client.' }),
    },
    body: rawBody('one stored record, on the way from broker to client'),
  },
  response: {
    header: {},
    body: rawBody('ConsumeMessageDirectlyResult (JSON), passed on as the client wrote it'),
  },
  failures: [
    ResponseCode.CONSUME_MSG_TIMEOUT,
    ResponseCode.CONSUMER_NOT_ONLINE,
    ResponseCode.NO_PERMISSION,
  ],
  source:
    'rocketmq 5.5.0: ConsumeMessageDirectlyResultRequestHeader; AdminBrokerProcessor#consumeMessageDirectly',
});
