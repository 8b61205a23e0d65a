import { defineCommand } from '../../define-command.js';
import { boolean, int32, int64, rpcFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Decides a transaction: its half message becomes a message for consumers, or never does. */
export const EndTransaction = defineCommand({
  name: 'END_TRANSACTION',
  code: 37,
  direction: 'client to broker',
  doc: 'Decides a transaction: its half message becomes a message for consumers, or never does. Usually one-way.',
  request: {
    header: {
      ...rpcFields,
      topic: string({ optional: true, doc: 'Topic of the message.' }),
      producerGroup: string({ doc: 'Group that sent the half message.' }),
      queueOffset: int64({
        wireName: 'tranStateTableOffset',
        unit: 'messages',
        doc: 'Place of the half message in its queue, as the answer to its send said.',
      }),
      commitLogOffset: int64({ unit: 'bytes', doc: 'Where the half message starts.' }),
      commitOrRollback: int32({
        doc: 'Transaction bits of a sysFlag: 8 commits, 12 rolls back, 0 leaves it open.',
      }),
      fromTransactionCheck: boolean({
        default: false,
        doc: 'Whether this is the answer to CHECK_TRANSACTION_STATE.',
      }),
      msgId: string({ doc: 'Unique key of the message.' }),
      transactionId: string({ optional: true, doc: 'Unique key of the message, once more.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.ILLEGAL_OPERATION, ResponseCode.SERVICE_NOT_AVAILABLE],
  source: 'rocketmq 5.5.0: EndTransactionRequestHeader; EndTransactionProcessor#processRequest',
});
