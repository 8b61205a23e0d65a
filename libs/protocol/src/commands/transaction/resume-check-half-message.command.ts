import { defineCommand } from '../../define-command.js';
import { string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';

/** Has a parked half message checked again, from the beginning. */
export const ResumeCheckHalfMessage = defineCommand({
  name: 'RESUME_CHECK_HALF_MESSAGE',
  code: 323,
  direction: 'client to broker',
  doc: 'Has a half message that was parked after too many checks checked again, from the beginning.',
  request: {
    header: {
      topic: string({ optional: true, doc: 'Topic of the message.' }),
      msgId: string({ optional: true, doc: 'Offset message id of the parked message.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: noBody },
  failures: [],
  source:
    'rocketmq 5.5.0: ResumeCheckHalfMessageRequestHeader; AdminBrokerProcessor#resumeCheckHalfMessage',
});
