import { ResponseCode } from '@rocketmq-ts/protocol';
import type { ServerConnection } from '@rocketmq-ts/remoting';
import { filterRefusal } from '../consume-refusals.js';
import type { ConsumeRefusal } from '../consume-refusals.js';
import { isUnusable } from '../filter/subscription-filters.js';
import type { MessageFilter, SubscriptionFilters } from '../filter/subscription-filters.js';
import type { SubscriptionGroupTable } from '../subscription-group/subscription-group-table.js';
import type { TopicTable } from '../topic/topic-table.js';
import { decidePop } from './pop-decision.js';
import type { PopDecision, PopGrant } from './pop-decision.js';

/** What access is decided by. */
export interface PopAccessParts {
  readonly topics: TopicTable;
  readonly groups: SubscriptionGroupTable;
  readonly advertisedHost: string;
  readonly brokerPermission: () => number;
  readonly filters: SubscriptionFilters;
}

/** What a request names, and which messages it wants. */
export interface PopRequest {
  readonly consumerGroup: string;
  readonly topic: string;
  readonly queueId: number;
  readonly maxMsgNums?: number;
  readonly expressionType?: string | undefined;
  readonly expression?: string | undefined;
}

export type FilteredDecision =
  | { readonly granted: true; readonly grant: PopGrant; readonly filter: MessageFilter }
  | { readonly granted: false; readonly refusal: ConsumeRefusal };

/** Who may pop what: the tables of the broker behind `decidePop`. */
export class PopAccess {
  constructor(private readonly parts: PopAccessParts) {}

  /** For requests that select messages. */
  decidePop(request: PopRequest, connection: ServerConnection): FilteredDecision {
    const decision = this.decide(request, connection, 'pop');
    if (!decision.granted) return decision;
    const filter = this.filterOf(request);
    return 'code' in filter
      ? { granted: false, refusal: filter }
      : { granted: true, grant: decision.grant, filter };
  }

  /** For requests that select none. */
  decide(request: PopRequest, connection: ServerConnection, deed: 'pop' | 'peeking'): PopDecision {
    const { topics, groups, advertisedHost, brokerPermission } = this.parts;
    const { consumerGroup, topic } = request;
    return decidePop(
      { ...request, remoteHostPort: connection.remoteHostPort },
      {
        brokerPermission: brokerPermission(),
        advertisedHost,
        topic: topics.find(topic),
        group: () => groups.findOrCreate(consumerGroup),
        readForbidden: groups.isReadForbidden(consumerGroup, topic),
      },
      deed,
    );
  }

  /** Source: rocketmq 5.5.0 `PopMessageProcessor#processRequest`. */
  tooOld(): ConsumeRefusal {
    return {
      code: ResponseCode.POLLING_TIMEOUT,
      remark: `the broker[${this.parts.advertisedHost}] pop message is timeout too much`,
    };
  }

  private filterOf({ expressionType, expression }: PopRequest): MessageFilter | ConsumeRefusal {
    if (expression === undefined || expression === '') return {};
    const filter = this.parts.filters.get(expressionType, expression);
    return isUnusable(filter) ? filterRefusal(filter) : filter;
  }
}
