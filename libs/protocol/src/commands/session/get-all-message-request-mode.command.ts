import { defineCommand } from '../../define-command.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { MessageRequestModeWrapper } from '../../bodies/pop-bodies.js';

/** Asks for all request modes; a slave copies them. */
export const GetAllMessageRequestMode = defineCommand({
  name: 'GET_ALL_MESSAGE_REQUEST_MODE',
  code: 402,
  direction: 'client to broker',
  doc: 'Asks for the request modes of all groups and topics; a slave copies them.',
  request: { header: {}, body: noBody },
  response: {
    header: {},
    body: jsonBody('MessageRequestModeSerializeWrapper', MessageRequestModeWrapper),
  },
  failures: [],
  source: 'rocketmq 5.5.0: AdminBrokerProcessor#getAllMessageRequestMode',
});
