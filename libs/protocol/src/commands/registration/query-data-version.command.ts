import { defineCommand } from '../../define-command.js';
import { boolean, int64, string } from '../../schema/field.js';
import { optionalBody } from '../../schema/body.codec.js';
import { jsonBody } from '../../json/json-text.js';
import { DataVersion } from '../../bodies/data-version.js';

/** Asks a nameserver whether it knows the newest topics of a broker; also a sign of life. */
export const QueryDataVersion = defineCommand({
  name: 'QUERY_DATA_VERSION',
  code: 322,
  direction: 'broker to nameserver',
  doc: 'Asks a nameserver whether it knows the newest topics of a broker; also a sign of life.',
  request: {
    header: {
      brokerName: string({ doc: 'Name that a master and its slaves share.' }),
      brokerAddr: string({ doc: 'Address clients reach the broker at, `ip:port`.' }),
      clusterName: string({ doc: 'Cluster of the broker.' }),
      brokerId: int64({ doc: '0 for the master.' }),
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
