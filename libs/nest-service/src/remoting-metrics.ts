import { commandOf } from '@rocketmq-ts/protocol';
import type { RemotingServer, RemotingStats } from '@rocketmq-ts/remoting';
import type { Metrics } from './metrics.js';

type Name = keyof RemotingStats;

const COUNTERS: readonly (readonly [Name, string, string])[] = [
  ['connectionsOpened', 'connections_opened_total', 'Connections accepted.'],
  ['connectionsRefused', 'connections_refused_total', 'Connections closed on arrival: too many.'],
  [
    'malformedStreams',
    'malformed_streams_total',
    'Connections closed because bytes did not parse.',
  ],
  ['idleCloses', 'idle_closes_total', 'Connections closed because nothing moved.'],
  [
    'incompleteFrameCloses',
    'incomplete_frame_closes_total',
    'Connections closed because a frame took too long or too much memory.',
  ],
  [
    'slowReaderCloses',
    'slow_reader_closes_total',
    'Connections closed because the peer did not read.',
  ],
  ['bytesIn', 'received_bytes_total', 'Bytes received.'],
  ['bytesOut', 'sent_bytes_total', 'Bytes sent.'],
  [
    'unsupportedRequests',
    'unsupported_requests_total',
    'Requests with a code that has no handler.',
  ],
  ['handlerFailures', 'handler_failures_total', 'Handlers that failed in a way that is no answer.'],
  ['readingPauses', 'reading_pauses_total', 'Times that a peer was slowed down.'],
];
const GAUGES: readonly (readonly [Name, string, string])[] = [
  ['inFlightNow', 'in_flight_requests', 'Requests being worked on.'],
  ['inFlightBytesNow', 'in_flight_bytes', 'Bytes of requests being worked on.'],
  [
    'keptBytesNow',
    'kept_bytes',
    'Bytes of unfinished frames and of requests that wait to be worked on.',
  ],
  ['unsentBytesNow', 'unsent_bytes', 'Bytes that peers have not taken.'],
];

/** Adds `rocketmq_remoting_…`: connections, traffic, and requests by command name. */
export function addRemotingMetrics(metrics: Metrics, server: RemotingServer): void {
  const { stats } = server;
  for (const [key, name, help] of COUNTERS)
    metrics.counter({ name: `rocketmq_remoting_${name}`, help }, () => stats[key]);
  for (const [key, name, help] of GAUGES)
    metrics.gauge({ name: `rocketmq_remoting_${name}`, help }, () => stats[key]);
  metrics.gauge({ name: 'rocketmq_remoting_connections', help: 'Open connections.' }, () => {
    return server.connections.size;
  });
  metrics.counter(
    { name: 'rocketmq_remoting_requests_total', help: 'Requests by command.', labels: ['command'] },
    () => samples(server, 'requestCount'),
  );
  metrics.counter(
    {
      name: 'rocketmq_remoting_request_failures_total',
      help: 'Requests whose handler failed unexpectedly, by command.',
      labels: ['command'],
    },
    () => samples(server, 'failureCount'),
  );
}

/** Only codes with a handler are counted, so the labels are as many as there are commands. */
function* samples(server: RemotingServer, field: 'requestCount' | 'failureCount') {
  for (const counts of server.requestCounts())
    yield {
      labels: { command: commandOf(counts.code)?.name ?? String(counts.code) },
      value: counts[field],
    };
}
