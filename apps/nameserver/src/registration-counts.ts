import { Injectable } from '@nestjs/common';
import type { MetricSample } from '@rocketmq-ts/nest-service';
import type { RefusalReason } from '@rocketmq-ts/routing';

/** How registrations ended, for metrics. */
@Injectable()
export class RegistrationCounts {
  private acceptedCount = 0;
  private readonly refusedCounts = new Map<RefusalReason, number>();

  accepted(): void {
    this.acceptedCount++;
  }

  refused(reason: RefusalReason): void {
    this.refusedCounts.set(reason, (this.refusedCounts.get(reason) ?? 0) + 1);
  }

  *samples(): Generator<MetricSample> {
    yield { labels: { outcome: 'accepted' }, value: this.acceptedCount };
    for (const [reason, value] of this.refusedCounts)
      yield { labels: { outcome: reason.toLowerCase() }, value };
  }
}
