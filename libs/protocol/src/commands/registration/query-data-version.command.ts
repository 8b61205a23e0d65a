import { defineCommand } from '../../define-command.js';
import { boolean } from '../../schema/field.js';
import { optionalBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { DataVersion } from '../../bodies/data-version.js';
import { brokerFields } from './broker-fields.js';

/** Asks a nameserver whether it knows the newest topics of a broker; also a sign of life. */
export const QueryDataVersion = defineCommand({
  name: 'QUERY_DATA_VERSION',
  code: 322,
  direction: 'broker to nameserver',
  doc: 'Asks a nameserver whether it knows the newest topics of a broker; also a sign of life.',
  request: {
    header: {
      ...brokerFields,
    },
    body: optionalBody(jsonBody('DataVersion', DataVersion)),
  },
  response: {
    header: { changed: boolean({ doc: 'The nameserver has another version.' }) },
    body: optionalBody(jsonBody('DataVersion', DataVersion)),
  },
  failures: [],
  source:
    'rocketmq 5.5.0: QueryDataVersionRequestHeader; DefaultRequestProcessor#queryBrokerTopicConfig',
});
