import { defineCommand } from '../../define-command.js';
import { int32, int64, routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { boundaryTypeField } from './boundary-type.js';

/** Asks for the offset of a queue at a time. */
export const SearchOffsetByTimestamp = defineCommand({
  name: 'SEARCH_OFFSET_BY_TIMESTAMP',
  code: 29,
  direction: 'client to broker',
  doc: 'Queue offset at a store time.',
  request: {
    header: {
      ...routingFields,
      ...boundaryTypeField,
      topic: string({ doc: 'Topic name, namespace already applied.' }),
      queueId: int32({ doc: 'Queue of that topic on this broker.' }),
      timestampMs: int64({
        wireName: 'timestamp',
        saturate: true,
        unit: 'ms',
        doc: 'Store time to look for.',
      }),
      liteTopic: string({ optional: true, doc: 'Lite topic below the topic (5.5).' }),
    },
    body: noBody,
  },
  response: {
    header: {
      offset: int64({
        unit: 'messages',
        doc: 'First queue offset stored at that time or later; of several equal ones as boundaryType says.',
      }),
    },
    body: noBody,
  },
  failures: [],
  source: 'rocketmq 5.5.0: SearchOffsetRequestHeader; AdminBrokerProcessor#searchOffsetByTimestamp',
});
