import { defineCommand } from '../../define-command.js';
import { int32, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Takes a broker back into writing. */
export const AddWritePermOfBroker = defineCommand({
  name: 'ADD_WRITE_PERM_OF_BROKER',
  code: 327,
  direction: 'client to nameserver',
  doc: 'Takes a broker back into writing.',
  request: {
    header: { brokerName: string({ doc: 'Name that a master and its slaves share.' }) },
    body: noBody,
  },
  response: {
    header: { addTopicCount: int32({ unit: 'topics', doc: 'Topics that were changed.' }) },
    body: noBody,
  },
  failures: [ResponseCode.NO_PERMISSION],
  source:
    'rocketmq 5.5.0: AddWritePermOfBrokerRequestHeader; DefaultRequestProcessor#addWritePermOfBroker',
});
