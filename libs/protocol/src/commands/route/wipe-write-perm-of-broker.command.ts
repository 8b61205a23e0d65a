import { defineCommand } from '../../define-command.js';
import { int32, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Takes a broker out of writing, until it registers again. */
export const WipeWritePermOfBroker = defineCommand({
  name: 'WIPE_WRITE_PERM_OF_BROKER',
  code: 205,
  direction: 'client to nameserver',
  doc: 'Takes a broker out of writing, until it registers again.',
  request: {
    header: { brokerName: string({ doc: 'Name that a master and its slaves share.' }) },
    body: noBody,
  },
  response: {
    header: { wipeTopicCount: int32({ unit: 'topics', doc: 'Topics that were changed.' }) },
    body: noBody,
  },
  failures: [ResponseCode.NO_PERMISSION],
  source:
    'rocketmq 5.5.0: WipeWritePermOfBrokerRequestHeader; DefaultRequestProcessor#wipeWritePermOfBroker',
});
