import { defineCommand } from '../../define-command.js';
import { int32, int64, routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';

/** Asks when the oldest message of a queue was stored. */
export const GetEarliestMsgStoretime = defineCommand({
  name: 'GET_EARLIEST_MSG_STORETIME',
  code: 32,
  direction: 'client to broker',
  doc: 'Asks when the oldest message of a queue was stored.',
  request: {
    header: {
      ...routingFields,
      topic: string({ doc: 'Topic name, namespace already applied.' }),
      queueId: int32({ doc: 'Queue of that topic on this broker.' }),
    },
    body: noBody,
  },
  response: {
    header: {
      timestampMs: int64({
        wireName: 'timestamp',
        unit: 'ms',
        doc: 'Store time of the oldest message; -1 where there is none.',
      }),
    },
    body: noBody,
  },
  failures: [],
  source:
    'rocketmq 5.5.0: GetEarliestMsgStoretimeRequestHeader; AdminBrokerProcessor#getEarliestMsgStoretime',
});
