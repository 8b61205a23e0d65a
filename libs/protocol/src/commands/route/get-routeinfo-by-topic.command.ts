import { defineCommand } from '../../define-command.js';
import { boolean, routingFields, string } from '../../schema/field.js';
import { noBody, rawBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Asks which brokers serve a topic. */
export const GetRouteinfoByTopic = defineCommand({
  name: 'GET_ROUTEINFO_BY_TOPIC',
  code: 105,
  direction: 'client to nameserver',
  doc: 'Asks which brokers serve a topic.',
  request: {
    header: {
      ...routingFields,
      topic: string({ doc: 'Topic name, namespace already applied.' }),
      acceptStandardJsonOnly: boolean({ optional: true, doc: 'Quote broker ids in the answer.' }),
      zoneMode: string({
        wireName: '__ZONE_MODE',
        optional: true,
        doc: '`true`: only brokers of `__ZONE_NAME`.',
      }),
      zoneName: string({ wireName: '__ZONE_NAME', optional: true, doc: 'Zone of the client.' }),
    },
    body: noBody,
  },
  response: {
    header: {},
    body: rawBody('TopicRouteData (JSON), see encodeTopicRoute and decodeTopicRoute'),
  },
  failures: [ResponseCode.TOPIC_NOT_EXIST],
  source: 'rocketmq 5.5.0: GetRouteInfoRequestHeader; ClientRequestProcessor#getRouteInfoByTopic',
});
