import { defineCommand } from '../../define-command.js';
import { routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Takes a topic out of the routes. */
export const DeleteTopicInNamesrv = defineCommand({
  name: 'DELETE_TOPIC_IN_NAMESRV',
  code: 216,
  direction: 'client to nameserver',
  doc: 'Takes a topic out of the routes.',
  request: {
    header: {
      ...routingFields,
      topic: string({ doc: 'Topic name, namespace already applied.' }),
      clusterName: string({ optional: true, doc: 'Only for the brokers of this cluster.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.NO_PERMISSION],
  source:
    'rocketmq 5.5.0: DeleteTopicFromNamesrvRequestHeader; DefaultRequestProcessor#deleteTopicInNamesrv',
});
