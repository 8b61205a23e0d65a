import { defineCommand } from '../../define-command.js';
import { boolean, int32, int64, routingFields, string } from '../../schema/field.js';
import { noBody, rawBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Finds messages by key or unique key. */
export const QueryMessage = defineCommand({
  name: 'QUERY_MESSAGE',
  code: 12,
  direction: 'client to broker',
  doc: 'Finds messages by key or unique key within a span of store times, newest first. Keys are compared by hash: the client compares them again.',
  request: {
    header: {
      ...routingFields,
      topic: string({ doc: 'Topic name, namespace already applied.' }),
      key: string({ doc: 'Key, unique key or tag to look for.' }),
      maxNum: int32({ unit: 'messages', doc: 'Most messages wanted; 32 count for a unique key.' }),
      beginTimestampMs: int64({
        wireName: 'beginTimestamp',
        saturate: true,
        unit: 'ms',
        doc: 'Earliest store time.',
      }),
      endTimestampMs: int64({
        wireName: 'endTimestamp',
        saturate: true,
        unit: 'ms',
        doc: 'Latest store time.',
      }),
      indexType: string({
        optional: true,
        doc: 'What `key` is, where an index keeps kinds apart (5.5).',
      }),
      lastKey: string({
        optional: true,
        doc: 'Where the previous page ended, for such an index (5.5).',
      }),
      uniqueKeyQuery: boolean({
        wireName: '_UNIQUE_KEY_QUERY',
        optional: true,
        doc: '`key` is a unique key.',
      }),
    },
    body: noBody,
  },
  response: {
    header: {
      indexLastUpdateTimestampMs: int64({
        wireName: 'indexLastUpdateTimestamp',
        unit: 'ms',
        doc: 'Store time of the newest indexed message.',
      }),
      indexLastUpdateCommitLogOffset: int64({
        wireName: 'indexLastUpdatePhyoffset',
        unit: 'bytes',
        doc: 'Commit-log offset of the newest indexed message.',
      }),
    },
    body: rawBody('stored records one behind the other, see decodeRecords'),
  },
  failures: [ResponseCode.QUERY_NOT_FOUND],
  source: 'rocketmq 5.5.0: QueryMessageRequestHeader; QueryMessageProcessor#queryMessage',
});
