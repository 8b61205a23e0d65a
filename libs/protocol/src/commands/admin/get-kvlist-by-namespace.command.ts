import { defineCommand } from '../../define-command.js';
import { string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { KvTable } from '../../bodies/broker-stats.js';
import { ResponseCode } from '../../response-code.js';

/** Asks for all values of a namespace. */
export const GetKvlistByNamespace = defineCommand({
  name: 'GET_KVLIST_BY_NAMESPACE',
  code: 219,
  direction: 'client to nameserver',
  doc: 'Asks for all values of a namespace.',
  request: {
    header: {
      namespace: string({
        doc: 'Namespace of the key; `ORDER_TOPIC_CONFIG` holds the layout of ordered topics.',
      }),
    },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('KvTable', KvTable) },
  failures: [ResponseCode.QUERY_NOT_FOUND],
  source:
    'rocketmq 5.5.0: GetKVListByNamespaceRequestHeader; DefaultRequestProcessor#getKVListByNamespace',
});
