import { defineCommand } from '../../define-command.js';
import { routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { TopicRouteData } from '../../bodies/topic-route-data.js';
import { ResponseCode } from '../../response-code.js';

/** Tells a nameserver of one topic. */
export const RegisterTopicInNamesrv = defineCommand({
  name: 'REGISTER_TOPIC_IN_NAMESRV',
  code: 217,
  direction: 'broker to nameserver',
  doc: 'Tells a nameserver of one topic.',
  request: {
    header: { ...routingFields, topic: string({ doc: 'Topic name, namespace already applied.' }) },
    body: jsonBody('TopicRouteData', TopicRouteData),
  },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.NO_PERMISSION],
  source:
    'rocketmq 5.5.0: RegisterTopicRequestHeader; DefaultRequestProcessor#registerTopicToNamesrv',
});
