import type { Random } from '@rocketmq-ts/kernel';

/** Name under which a broker tells its mark among its runtime figures. */
export const PROCESS_MARK_KEY = 'processMark';

/** Tells this process from any other, so that a broker can recognise itself at the other end of an address. */
export class ProcessMark {
  readonly text: string;

  constructor(random: Random) {
    this.text = Array.from({ length: 4 }, () => random.uint32().toString(16).padStart(8, '0')).join(
      '',
    );
  }
}
