import { defineCommand } from '../../define-command.js';
import { routingFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { CorrectionOffsetBody } from '../../bodies/offset-tables.js';

/** Compares the offsets of one group with those of others. */
export const QueryCorrectionOffset = defineCommand({
  name: 'QUERY_CORRECTION_OFFSET',
  code: 308,
  direction: 'client to broker',
  doc: 'Compares the offsets of one group with those of others.',
  request: {
    header: {
      ...routingFields,
      filterGroups: string({
        optional: true,
        doc: 'Groups that do not count, separated by commas.',
      }),
      compareGroup: string({ doc: 'Group that the answer is about.' }),
      topic: string({ doc: 'Topic name, namespace already applied.' }),
    },
    body: noBody,
  },
  response: { header: {}, body: jsonBody('CorrectionOffsetBody', CorrectionOffsetBody) },
  failures: [],
  source: 'rocketmq 5.5.0: QueryCorrectionOffsetHeader; AdminBrokerProcessor#queryCorrectionOffset',
});
