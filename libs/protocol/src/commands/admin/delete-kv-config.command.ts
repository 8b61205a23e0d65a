import { defineCommand } from '../../define-command.js';
import { string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Deletes a value of a nameserver. */
export const DeleteKvConfig = defineCommand({
  name: 'DELETE_KV_CONFIG',
  code: 102,
  direction: 'client to nameserver',
  doc: 'Deletes a value of a nameserver.',
  request: {
    header: {
      namespace: string({
        doc: 'Namespace of the key; `ORDER_TOPIC_CONFIG` holds the layout of ordered topics.',
      }),
      key: string({ doc: 'Key within the namespace.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.NO_PERMISSION],
  source: 'rocketmq 5.5.0: DeleteKVConfigRequestHeader; DefaultRequestProcessor#deleteKVConfig',
});
