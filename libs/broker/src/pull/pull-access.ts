import { decidePull } from './pull-decision.js';
import type { PullDecision, PullRequest } from './pull-decision.js';
import type { PullParts } from './pull-parts.js';

/** Who may pull what: the tables of the broker behind `decidePull`. */
export class PullAccess {
  constructor(
    private readonly parts: Pick<
      PullParts,
      'topics' | 'groups' | 'consumers' | 'filters' | 'settings'
    >,
  ) {}

  decide(request: PullRequest): PullDecision {
    const { topics, groups, consumers, filters, settings } = this.parts;
    const { consumerGroup, topic } = request;
    return decidePull(request, {
      brokerPermission: settings.brokerPermission,
      advertisedHost: settings.advertisedHost,
      group: groups.findOrCreate(consumerGroup),
      topic: topics.find(topic),
      members: consumers.find(consumerGroup),
      readForbidden: groups.isReadForbidden(consumerGroup, topic),
      filters,
      retryFilter: settings.retryFilter,
    });
  }
}
