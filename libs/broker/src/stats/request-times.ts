import { commandOf, responseCodeName } from '@rocketmq-ts/protocol';
import { Histogram } from './histogram.js';

/** Upper ends in ms. Source: rocketmq 5.5.0 `RemotingMetricsManager#getMetricsView`. */
export const REQUEST_TIME_BOUNDS_MS = [1, 3, 5, 7, 10, 100, 1_000, 2_000, 3_000];

interface RequestKind {
  readonly requestCode: number;
  readonly responseCode: number;
  /** The answer waited for a message. */
  readonly longPolling: boolean;
  readonly times: Histogram;
}

const RESPONSE_CODES = 1 << 16;

/**
 * How long requests took until their answer was written, by request and answer. Only codes with a handler are told of, so
 * that there are as many kinds as there are commands and answers to them.
 */
export class RequestTimes {
  private readonly kinds = new Map<number, RequestKind>();

  record(requestCode: number, responseCode: number, ms: number, longPolling = false): void {
    const key = (requestCode * RESPONSE_CODES + responseCode) * 2 + (longPolling ? 1 : 0);
    let kind = this.kinds.get(key);
    if (!kind) {
      const times = new Histogram(REQUEST_TIME_BOUNDS_MS);
      this.kinds.set(key, (kind = { requestCode, responseCode, longPolling, times }));
    }
    // The wall clock may have been set back.
    kind.times.record(ms < 0 ? 0 : ms);
  }

  *samples(): Iterable<{ labels: Record<string, string>; counts: readonly number[]; sum: number }> {
    for (const { requestCode, responseCode, longPolling, times } of this.kinds.values()) {
      const labels = {
        protocol_type: 'remoting',
        request_code: commandOf(requestCode)?.name.toLowerCase() ?? String(requestCode),
        response_code: responseCodeName(responseCode).toLowerCase(),
        is_long_polling: String(longPolling),
        result: 'success',
      };
      yield { labels, counts: times.counts, sum: times.sum };
    }
  }
}
