import { defineCommand } from '../../define-command.js';
import { jsonBody } from '../../json/json-text.js';
import { QueryAssignmentAnswer, QueryAssignmentBody } from '../../bodies/pop-bodies.js';

/** Asks which queues a client shall consume, and how. */
export const QueryAssignment = defineCommand({
  name: 'QUERY_ASSIGNMENT',
  code: 400,
  direction: 'client to broker',
  doc: 'Asks which queues of a topic a client shall consume, and whether by pull or by pop.',
  request: { header: {}, body: jsonBody('QueryAssignmentRequestBody', QueryAssignmentBody) },
  response: { header: {}, body: jsonBody('QueryAssignmentResponseBody', QueryAssignmentAnswer) },
  failures: [],
  source: 'rocketmq 5.5.0: QueryAssignmentRequestBody; QueryAssignmentProcessor#queryAssignment',
});
