import type { Clock, ClockTask, Logger } from '@rocketmq-ts/kernel';
import type { CopyGate } from '@rocketmq-ts/storage';
import type { SourceLog } from './log-seams.js';
import type { CopyStatus } from './replica-status.js';
import type { ReplicationProgress } from './replication-progress.js';

/** How many copies sends wait for. Copies count this machine. */
export interface SyncPolicyOptions {
  /** Copies that a send waits for; 1: none elsewhere. */
  readonly inSyncReplicas: number;
  /** With fewer copies in sync than this, sends are refused. Default 1. */
  readonly minInSyncReplicas?: number;
  /** Sends wait only for copies that are in sync, `minInSyncReplicas` at least. Default false. */
  readonly autoInSyncReplicas?: boolean;
  /** A slave that lacks so many bytes is not in sync. Default 256 MiB. */
  readonly gapMaxBytes?: number;
}

/** What sends wait for, following from who is in sync. */
export interface CopyDecision {
  readonly wantedCopies: number;
  readonly available: boolean;
  readonly refusal: string | undefined;
}

/** The text Apache answers with SYSTEM_ERROR. Source: SendMessageProcessor.handlePutMessageResult */
const NOT_ENOUGH = 'in-sync replicas not enough';
const GAP_MAX_BYTES = 256 * 1024 * 1024;
const LOOK_AGAIN_MS = 250;

/** The rule, as a function of the settings and of how many copies are in sync, this machine included. */
export function decideCopies(options: SyncPolicyOptions, inSyncCopies: number): CopyDecision {
  const { inSyncReplicas, minInSyncReplicas = 1, autoInSyncReplicas = false } = options;
  const wantedCopies = autoInSyncReplicas
    ? Math.max(Math.min(inSyncReplicas, inSyncCopies), Math.min(inSyncReplicas, minInSyncReplicas))
    : inSyncReplicas;
  return {
    wantedCopies,
    available: inSyncCopies >= wantedCopies,
    refusal: inSyncCopies < minInSyncReplicas ? NOT_ENOUGH : undefined,
  };
}

/**
 * Decides for the store when a send has enough copies: the store's `CopyGate`.
 *
 * Invariant I1: `copiedOffset` counts only what connected slaves have acknowledged themselves, each slave once.
 */
export class SyncPolicy implements CopyGate {
  copiedOffset = -1;
  private decision: CopyDecision;
  private inSyncCopies = 1;
  private listener: () => void = () => undefined;
  private readonly lookAgain: ClockTask;
  private readonly endWritten: () => void;

  constructor(
    private readonly parts: {
      readonly log: Pick<SourceLog, 'writtenOffset' | 'onWritten'>;
      readonly progress: ReplicationProgress;
      readonly clock: Clock;
      readonly logger: Logger;
    },
    private readonly options: SyncPolicyOptions,
  ) {
    const { log, progress, clock } = parts;
    this.decision = decideCopies(options, 1);
    progress.onChange(() => this.evaluate());
    this.endWritten = log.onWritten(() =>
      progress.noteWritten(log.writtenOffset, clock.monotonicMs()),
    );
    this.lookAgain = clock.setPeriodic(LOOK_AGAIN_MS, () => this.evaluate());
    this.evaluate();
  }

  get available(): boolean {
    return this.decision.available;
  }

  get refusal(): string | undefined {
    return this.decision.refusal;
  }

  get status(): CopyStatus {
    const { inSyncReplicas: configuredCopies } = this.options;
    return { configuredCopies, inSyncCopies: this.inSyncCopies, ...this.decision };
  }

  /** One listener: the store. */
  onChange(listener: () => void): void {
    this.listener = listener;
  }

  close(): void {
    this.endWritten();
    this.lookAgain.cancel();
  }

  private evaluate(): void {
    const { log, progress, clock } = this.parts;
    const { gapMaxBytes = GAP_MAX_BYTES } = this.options;
    const inSyncCopies =
      1 + progress.inSyncCount(log.writtenOffset, gapMaxBytes, clock.monotonicMs());
    const before = this.decision;
    if (inSyncCopies !== this.inSyncCopies) {
      this.inSyncCopies = inSyncCopies;
      this.decision = decideCopies(this.options, inSyncCopies);
      this.tell(before);
    }
    const { wantedCopies } = this.decision;
    const copiedOffset = wantedCopies <= 1 ? Infinity : progress.copiedOn(wantedCopies - 1);
    if (copiedOffset === this.copiedOffset && before === this.decision) return;
    this.copiedOffset = copiedOffset;
    this.listener();
  }

  private tell(before: CopyDecision): void {
    const { logger } = this.parts;
    const { wantedCopies, available, refusal } = this.decision;
    const facts = { inSyncCopies: this.inSyncCopies, wantedCopies, available };
    if (refusal !== undefined && before.refusal === undefined)
      logger.error('sends are refused: too few copies in sync', facts);
    else if (!available && before.available)
      logger.error('sends are answered SLAVE_NOT_AVAILABLE: too few copies in sync', facts);
    else if (wantedCopies < before.wantedCopies)
      logger.error('sends wait for fewer copies than configured', facts);
    else logger.info('copies in sync', facts);
  }
}
