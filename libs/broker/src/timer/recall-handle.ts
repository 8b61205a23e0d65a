const VERSION = 'v1';

/** What a producer needs to call a timed message back. */
export interface RecallHandle {
  readonly topic: string;
  readonly brokerName: string;
  /** One behind the slot that the message waits in, so that it falls into that slot again. */
  readonly timestampText: string;
  readonly uniqKey: string;
}

/** The handle as producers get it. Source: rocketmq 5.5.0 `RecallMessageHandle.HandleV1#buildHandle`. */
export function encodeRecallHandle(handle: RecallHandle): string {
  const { topic, brokerName, timestampText, uniqKey } = handle;
  const text = [VERSION, topic, brokerName, timestampText, uniqKey].join(' ');
  const base64 = Buffer.from(text).toString('base64url');
  // Java pads, Node does not.
  return base64.padEnd(Math.ceil(base64.length / 4) * 4, '=');
}

/** What a handle says; undefined where it is none. Source: rocketmq 5.5.0 `RecallMessageHandle#decodeHandle`. */
export function decodeRecallHandle(text: string): RecallHandle | undefined {
  if (!/^[A-Za-z0-9_-]+={0,2}$/.test(text)) return undefined;
  const parts = Buffer.from(text, 'base64url').toString('utf8').split(' ');
  const [version, topic, brokerName, timestampText, uniqKey] = parts;
  if (version !== VERSION || topic === undefined || brokerName === undefined) return undefined;
  if (timestampText === undefined || uniqKey === undefined || uniqKey === '') return undefined;
  return { topic, brokerName, timestampText, uniqKey };
}
