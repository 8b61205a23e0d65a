import {
  decodeRecords,
  type ExtFields,
  type MessageRecord,
  type RemotingFrame,
} from '@rocketmq-ts/protocol';

/** A record with its body cut out. */
export type PulledRecord = MessageRecord & { readonly body: string };

export interface PullAnswer {
  readonly code: number;
  readonly remark: string | undefined;
  readonly ext: ExtFields;
  readonly records: readonly PulledRecord[];
}

export function pullAnswer(frame: RemotingFrame): PullAnswer {
  return {
    code: frame.code,
    remark: frame.remark,
    ext: frame.ext(),
    records: frame.code === 0 ? decodeRecords(frame.body).map(withBody) : [],
  };
}

export const bodiesIn = ({ records }: PullAnswer): string[] => records.map(({ body }) => body);

/** Watches a pull without waiting for it. */
export function watch(work: Promise<PullAnswer>): { answer: PullAnswer | undefined } {
  const watched: { answer: PullAnswer | undefined } = { answer: undefined };
  void work.then((answer) => (watched.answer = answer));
  return watched;
}

const withBody = (record: MessageRecord): PulledRecord => ({
  ...record,
  body: record.bodyBytes.toString('utf8', record.bodyStart, record.bodyEnd),
});
