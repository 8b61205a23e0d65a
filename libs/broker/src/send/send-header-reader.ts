import { SendHeaderScanner } from '@rocketmq-ts/protocol';
import type { RemotingFrame, SendHeader } from '@rocketmq-ts/protocol';

/** Reads the headers of the three send commands. The result is valid until the next call. */
export function sendHeaderReader(): (frame: RemotingFrame) => SendHeader {
  const scanner = new SendHeaderScanner();
  return (frame) => scanner.scan(frame);
}
