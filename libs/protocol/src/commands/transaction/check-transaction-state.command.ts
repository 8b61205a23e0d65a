import { defineCommand } from '../../define-command.js';
import { int64, rpcFields, string } from '../../schema/field.js';
import { noBody, rawBody } from '../../schema/body.codec.js';

/** Asks a producer what became of a transaction that it left open; it answers with END_TRANSACTION. */
export const CheckTransactionState = defineCommand({
  name: 'CHECK_TRANSACTION_STATE',
  code: 39,
  direction: 'broker to client',
  doc: 'Asks a producer what became of a transaction that it left open; one-way, the answer is END_TRANSACTION.',
  request: {
    header: {
      ...rpcFields,
      topic: string({ optional: true, doc: 'Topic in which half messages lie.' }),
      queueOffset: int64({
        wireName: 'tranStateTableOffset',
        unit: 'messages',
        doc: 'Place of the half message in its queue.',
      }),
      commitLogOffset: int64({ unit: 'bytes', doc: 'Where the half message starts.' }),
      msgId: string({ optional: true, doc: 'Unique key of the message.' }),
      transactionId: string({ optional: true, doc: 'Unique key of the message, once more.' }),
      offsetMsgId: string({ optional: true, doc: 'Offset message id of the half message.' }),
    },
    body: rawBody('the half message as a stored record, under its real topic and queue'),
  },
  response: { header: {}, body: noBody },
  failures: [],
  source:
    'rocketmq 5.5.0: CheckTransactionStateRequestHeader; Broker2Client#checkProducerTransactionState',
});
