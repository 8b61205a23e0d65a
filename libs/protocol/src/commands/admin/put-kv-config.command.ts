import { defineCommand } from '../../define-command.js';
import { string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Sets a value on a nameserver. */
export const PutKvConfig = defineCommand({
  name: 'PUT_KV_CONFIG',
  code: 100,
  direction: 'client to nameserver',
  doc: 'Sets a value on a nameserver.',
  request: {
    header: {
      namespace: string({
        doc: 'Namespace of the key; `ORDER_TOPIC_CONFIG` holds the layout of ordered topics.',
      }),
      key: string({ doc: 'Key within the namespace.' }),
      value: string({ doc: 'Value.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.NO_PERMISSION],
  source: 'rocketmq 5.5.0: PutKVConfigRequestHeader; DefaultRequestProcessor#putKVConfig',
});
