import { defineCommand } from '../../define-command.js';
import { string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Asks for a value of a nameserver. */
export const GetKvConfig = defineCommand({
  name: 'GET_KV_CONFIG',
  code: 101,
  direction: 'client to nameserver',
  doc: 'Asks for a value of a nameserver.',
  request: {
    header: {
      namespace: string({
        doc: 'Namespace of the key; `ORDER_TOPIC_CONFIG` holds the layout of ordered topics.',
      }),
      key: string({ doc: 'Key within the namespace.' }),
    },
    body: noBody,
  },
  response: { header: { value: string({ optional: true, doc: 'Value.' }) }, body: noBody },
  failures: [ResponseCode.QUERY_NOT_FOUND],
  source: 'rocketmq 5.5.0: GetKVConfigRequestHeader; DefaultRequestProcessor#getKVConfig',
});
