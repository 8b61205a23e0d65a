import { defineCommand } from '../../define-command.js';
import { ResponseCode } from '../../response-code.js';
import { boolean, int32, routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';

/** Creates a topic or changes its settings. */
export const UpdateAndCreateTopic = defineCommand({
  name: 'UPDATE_AND_CREATE_TOPIC',
  code: 17,
  direction: 'client to broker',
  doc: 'Creates a topic or changes its settings.',
  request: {
    header: {
      ...routingFields,
      topic: string({ doc: 'Topic name, namespace already applied.' }),
      defaultTopic: string({ doc: 'Topic whose settings a client would inherit; not looked at.' }),
      readQueueNums: int32({ unit: 'queues', doc: 'Queues that may be read.' }),
      writeQueueNums: int32({ unit: 'queues', doc: 'Queues that may be written.' }),
      perm: int32({ doc: 'Bits of Perm.' }),
      topicFilterType: string({ doc: 'SINGLE_TAG or MULTI_TAG.' }),
      topicSysFlag: int32({ optional: true, doc: 'Bits of TopicSysFlag.' }),
      order: boolean({ default: false, doc: 'Whether the topic is ordered.' }),
      attributes: string({
        optional: true,
        doc: '`+name=value` sets, `-name` removes; separated by commas.',
      }),
      force: boolean({ default: false, doc: 'Overwrite a static topic.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.INVALID_PARAMETER, ResponseCode.NO_PERMISSION],
  source: 'rocketmq 5.5.0: CreateTopicRequestHeader; AdminBrokerProcessor#updateAndCreateTopic',
});
