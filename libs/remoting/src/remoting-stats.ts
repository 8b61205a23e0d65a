/**
 * What happened on one side since its start, and what is under way now. Plain numbers that the owner reads for metrics;
 * those without `now` only grow.
 */
export class RemotingStats {
  connectionsOpened = 0;
  connectionsClosed = 0;
  /** Closed on arrival: too many altogether, or from one address. */
  connectionsRefused = 0;
  /** Closed because bytes did not parse. */
  malformedStreams = 0;
  idleCloses = 0;
  /** Closed because a frame was not complete in time or unfinished frames took too much memory. */
  incompleteFrameCloses = 0;
  /** Closed because the peer did not read what it was sent. */
  slowReaderCloses = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** System calls that carried `bytesOut`, about. */
  flushes = 0;
  requestsIn = 0;
  /** Requests with a code that has no handler. */
  unsupportedRequests = 0;
  /** Handlers that failed in a way that is no answer. */
  handlerFailures = 0;
  /** Times that reading of a connection stopped to slow its peer down. */
  readingPauses = 0;
  goAways = 0;
  /** Requests that came while we were closing and were left to the peer to repeat elsewhere. */
  droppedInDrain = 0;
  /** Requests of ours. */
  requestsOut = 0;
  requestTimeouts = 0;
  /** Answers to nothing that we asked, or too late. */
  unmatchedAnswers = 0;
  /** Requests being worked on now. */
  inFlightNow = 0;
  inFlightBytesNow = 0;
  /** Bytes now of unfinished frames, and of requests that were read and wait because their connection is paused. */
  keptBytesNow = 0;
  /** Bytes now that peers have not taken, as of each connection's last write. */
  unsentBytesNow = 0;
}
