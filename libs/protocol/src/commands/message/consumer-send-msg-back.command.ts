import { defineCommand } from '../../define-command.js';
import { boolean, int32, int64, rpcFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Gives a message back that its consumer could not handle. */
export const ConsumerSendMsgBack = defineCommand({
  name: 'CONSUMER_SEND_MSG_BACK',
  code: 36,
  direction: 'client to broker',
  doc: 'Gives a message back that its consumer could not handle: it comes again later, or goes to the dead-letter topic after too many tries.',
  request: {
    header: {
      ...rpcFields,
      commitLogOffset: int64({
        wireName: 'offset',
        unit: 'bytes',
        doc: 'Where the message starts.',
      }),
      group: string({ doc: 'Consumer group.' }),
      delayLevel: int32({
        doc: 'Delay until it comes again; 0 lets the broker choose, below 0 means the dead-letter topic at once.',
      }),
      originMsgId: string({ optional: true, doc: 'Unique key of the message.' }),
      originTopic: string({ optional: true, doc: 'Topic it was consumed from.' }),
      unitMode: boolean({ default: false, doc: 'Unit mode of the client.' }),
      maxReconsumeTimes: int32({
        optional: true,
        doc: 'Most deliveries after the first; the group decides where absent.',
      }),
    },
    body: noBody,
  },
  response: { header: {}, body: noBody },
  failures: [
    ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
    ResponseCode.SERVICE_NOT_AVAILABLE,
    ResponseCode.NO_PERMISSION,
  ],
  source:
    'rocketmq 5.5.0: ConsumerSendMsgBackRequestHeader; AbstractSendMessageProcessor#consumerSendMsgBack',
});
