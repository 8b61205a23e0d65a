import { defineCommand } from '../../define-command.js';
import { int64, string } from '../../schema/field.js';
import { noBody, rawBody } from '../../schema/body.codec.js';

/** Fetches the message at a commit-log offset. */
export const ViewMessageById = defineCommand({
  name: 'VIEW_MESSAGE_BY_ID',
  code: 33,
  direction: 'client to broker',
  doc: 'Fetches the message at a commit-log offset, which is part of its offset message id. SYSTEM_ERROR where none is there.',
  request: {
    header: {
      topic: string({ optional: true, doc: 'Topic name, for access rules alone.' }),
      commitLogOffset: int64({
        wireName: 'offset',
        unit: 'bytes',
        doc: 'Where the message starts.',
      }),
    },
    body: noBody,
  },
  response: { header: {}, body: rawBody('one stored record') },
  failures: [],
  source: 'rocketmq 5.5.0: ViewMessageRequestHeader; QueryMessageProcessor#viewMessageById',
});
