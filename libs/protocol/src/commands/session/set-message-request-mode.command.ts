import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { SetMessageRequestModeBody } from '../../bodies/pop-bodies.js';
import { ResponseCode } from '../../response-code.js';

/** Says whether a group pulls or pops the messages of a topic. */
export const SetMessageRequestMode = defineCommand({
  name: 'SET_MESSAGE_REQUEST_MODE',
  code: 401,
  direction: 'client to broker',
  doc: 'Says whether a group pulls or pops the messages of a topic, for clients that leave rebalancing to the broker.',
  request: {
    header: {},
    body: jsonBody('SetMessageRequestModeRequestBody', SetMessageRequestModeBody),
  },
  response: { header: {}, body: noBody },
  failures: [
    ResponseCode.NO_PERMISSION,
    ResponseCode.TOPIC_NOT_EXIST,
    ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
  ],
  source:
    'rocketmq 5.5.0: SetMessageRequestModeRequestBody; QueryAssignmentProcessor#setMessageRequestMode',
});
