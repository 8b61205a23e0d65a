import { defineCommand } from '../../define-command.js';
import { boolean, routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { GroupForbidden } from '../../bodies/group-forbidden.js';
import { ResponseCode } from '../../response-code.js';

/** Forbids a group to read one topic, allows it again, or only asks. */
export const UpdateAndGetGroupForbidden = defineCommand({
  name: 'UPDATE_AND_GET_GROUP_FORBIDDEN',
  code: 353,
  direction: 'client to broker',
  doc: 'Forbids a group to read one topic, or allows it again; answers how it stands now.',
  request: {
    header: {
      ...routingFields,
      group: string({ doc: 'Consumer group.' }),
      topic: string({ doc: 'Topic name, namespace already applied.' }),
      readable: boolean({ optional: true, doc: 'What it is to be; absent changes nothing.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('GroupForbidden', GroupForbidden) },
  failures: [ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, ResponseCode.NO_PERMISSION],
  source:
    'rocketmq 5.5.0: UpdateGroupForbiddenRequestHeader; AdminBrokerProcessor#updateAndGetGroupForbidden',
});
