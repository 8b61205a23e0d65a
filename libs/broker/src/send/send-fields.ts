/** The header of a send as the handler needs it, of all three commands. Valid during one handler call. */
export interface SendFields {
  readonly producerGroup: string;
  readonly topic: string;
  readonly defaultTopic: string;
  readonly defaultTopicQueueNums: number;
  /** Negative: the broker picks. */
  readonly queueId: number;
  readonly sysFlag: number;
  readonly bornTimestampMs: number;
  readonly flag: number;
  readonly reconsumeTimes: number;
  readonly unitMode: boolean;
  readonly batch: boolean;
  readonly maxReconsumeTimes: number | undefined;
  /** Properties as UTF-8 wire bytes: `propertiesBytes[propertiesStart … propertiesEnd)`. */
  readonly propertiesBytes: Buffer;
  readonly propertiesStart: number;
  readonly propertiesEnd: number;
}
