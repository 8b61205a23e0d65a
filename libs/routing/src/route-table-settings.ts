/** Settings that the table reads each time it needs them, so that they may change. */
export interface RouteTableSettings {
  /** Silence after which a broker is gone that did not say a time of its own. */
  readonly brokerExpiryMs: number;
  /** A broker that was heard of within this time keeps its id and its address. */
  readonly brokerTakeoverMs: number;
  readonly deleteTopicWithBrokerRegistration: boolean;
  readonly brokerCountMax: number;
  readonly topicEntryCountMax: number;
}
