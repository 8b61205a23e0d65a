import { CleanExpiredConsumequeue } from './admin/clean-expired-consumequeue.command.js';
import { DeleteExpiredCommitlog } from './admin/delete-expired-commitlog.command.js';
import { DeleteKvConfig } from './admin/delete-kv-config.command.js';
import { GetBrokerConfig } from './admin/get-broker-config.command.js';
import { GetBrokerConsumeStats } from './admin/get-broker-consume-stats.command.js';
import { GetBrokerHaStatus } from './admin/get-broker-ha-status.command.js';
import { GetBrokerRuntimeInfo } from './admin/get-broker-runtime-info.command.js';
import { GetKvlistByNamespace } from './admin/get-kvlist-by-namespace.command.js';
import { GetKvConfig } from './admin/get-kv-config.command.js';
import { GetNamesrvConfig } from './admin/get-namesrv-config.command.js';
import { PutKvConfig } from './admin/put-kv-config.command.js';
import { QueryConsumeQueue } from './admin/query-consume-queue.command.js';
import { ResetMasterFlushOffset } from './admin/reset-master-flush-offset.command.js';
import { UpdateBrokerConfig } from './admin/update-broker-config.command.js';
import { UpdateColdDataFlowCtrConfig } from './admin/update-cold-data-flow-ctr-config.command.js';
import { RemoveColdDataFlowCtrConfig } from './admin/remove-cold-data-flow-ctr-config.command.js';
import { GetColdDataFlowCtrInfo } from './admin/get-cold-data-flow-ctr-info.command.js';
import { UpdateNamesrvConfig } from './admin/update-namesrv-config.command.js';
import { ViewBrokerStatsData } from './admin/view-broker-stats-data.command.js';
import { DeleteSubscriptiongroup } from './group/delete-subscriptiongroup.command.js';
import { GetAllSubscriptiongroupConfig } from './group/get-all-subscriptiongroup-config.command.js';
import { GetConsumeStats } from './group/get-consume-stats.command.js';
import { GetSubscriptiongroupConfig } from './group/get-subscriptiongroup-config.command.js';
import { QuerySubscriptionByConsumer } from './group/query-subscription-by-consumer.command.js';
import { QueryTopicsByConsumer } from './group/query-topics-by-consumer.command.js';
import { UpdateAndCreateSubscriptiongroup } from './group/update-and-create-subscriptiongroup.command.js';
import { UpdateAndCreateSubscriptiongroupList } from './group/update-and-create-subscriptiongroup-list.command.js';
import { UpdateAndGetGroupForbidden } from './group/update-and-get-group-forbidden.command.js';
import { ConsumerSendMsgBack } from './message/consumer-send-msg-back.command.js';
import { LitePullMessage } from './message/lite-pull-message.command.js';
import { PullMessage } from './message/pull-message.command.js';
import { QueryMessage } from './message/query-message.command.js';
import { SendBatchMessage } from './message/send-batch-message.command.js';
import { SendMessage } from './message/send-message.command.js';
import { SendMessageV2 } from './message/send-message-v2.command.js';
import { PushReplyMessageToClient } from './message/push-reply-message-to-client.command.js';
import { SendReplyMessage } from './message/send-reply-message.command.js';
import { SendReplyMessageV2 } from './message/send-reply-message-v2.command.js';
import { ViewMessageById } from './message/view-message-by-id.command.js';
import { CloneGroupOffset } from './offset/clone-group-offset.command.js';
import { GetConsumerStatusFromClient } from './offset/get-consumer-status-from-client.command.js';
import { GetEarliestMsgStoretime } from './offset/get-earliest-msg-storetime.command.js';
import { GetMaxOffset } from './offset/get-max-offset.command.js';
import { GetMinOffset } from './offset/get-min-offset.command.js';
import { InvokeBrokerToGetConsumerStatus } from './offset/invoke-broker-to-get-consumer-status.command.js';
import { InvokeBrokerToResetOffset } from './offset/invoke-broker-to-reset-offset.command.js';
import { QueryConsumerOffset } from './offset/query-consumer-offset.command.js';
import { QueryConsumeTimeSpan } from './offset/query-consume-time-span.command.js';
import { QueryCorrectionOffset } from './offset/query-correction-offset.command.js';
import { ResetConsumerClientOffset } from './offset/reset-consumer-client-offset.command.js';
import { SearchOffsetByTimestamp } from './offset/search-offset-by-timestamp.command.js';
import { UpdateConsumerOffset } from './offset/update-consumer-offset.command.js';
import { BrokerHeartbeat } from './registration/broker-heartbeat.command.js';
import { GetBrokerMemberGroup } from './registration/get-broker-member-group.command.js';
import { QueryDataVersion } from './registration/query-data-version.command.js';
import { NotifyMinBrokerIdChange } from './registration/notify-min-broker-id-change.command.js';
import { RegisterBroker } from './registration/register-broker.command.js';
import { RegisterTopicInNamesrv } from './registration/register-topic-in-namesrv.command.js';
import { UnregisterBroker } from './registration/unregister-broker.command.js';
import { AddWritePermOfBroker } from './route/add-write-perm-of-broker.command.js';
import { DeleteTopicInNamesrv } from './route/delete-topic-in-namesrv.command.js';
import { GetAllTopicListFromNameserver } from './route/get-all-topic-list-from-nameserver.command.js';
import { GetBrokerClusterInfo } from './route/get-broker-cluster-info.command.js';
import { GetHasUnitSubTopicList } from './route/get-has-unit-sub-topic-list.command.js';
import { GetHasUnitSubUnunitTopicList } from './route/get-has-unit-sub-ununit-topic-list.command.js';
import { GetRouteinfoByTopic } from './route/get-routeinfo-by-topic.command.js';
import { GetSystemTopicListFromNs } from './route/get-system-topic-list-from-ns.command.js';
import { GetTopicsByCluster } from './route/get-topics-by-cluster.command.js';
import { GetUnitTopicList } from './route/get-unit-topic-list.command.js';
import { WipeWritePermOfBroker } from './route/wipe-write-perm-of-broker.command.js';
import { CheckClientConfig } from './session/check-client-config.command.js';
import { ConsumeMessageDirectly } from './session/consume-message-directly.command.js';
import { GetAllProducerInfo } from './session/get-all-producer-info.command.js';
import { GetConsumerConnectionList } from './session/get-consumer-connection-list.command.js';
import { GetConsumerListByGroup } from './session/get-consumer-list-by-group.command.js';
import { GetConsumerRunningInfo } from './session/get-consumer-running-info.command.js';
import { GetProducerConnectionList } from './session/get-producer-connection-list.command.js';
import { HeartBeat } from './session/heart-beat.command.js';
import { LockBatchMq } from './session/lock-batch-mq.command.js';
import { NotifyConsumerIdsChanged } from './session/notify-consumer-ids-changed.command.js';
import { AckMessage } from './pop/ack-message.command.js';
import { BatchAckMessage } from './pop/batch-ack-message.command.js';
import { ChangeMessageInvisibletime } from './pop/change-message-invisibletime.command.js';
import { Notification } from './pop/notification.command.js';
import { PeekMessage } from './pop/peek-message.command.js';
import { PollingInfo } from './pop/polling-info.command.js';
import { PopMessage } from './pop/pop-message.command.js';
import { GetAllMessageRequestMode } from './session/get-all-message-request-mode.command.js';
import { QueryAssignment } from './session/query-assignment.command.js';
import { SetMessageRequestMode } from './session/set-message-request-mode.command.js';
import { UnlockBatchMq } from './session/unlock-batch-mq.command.js';
import { UnregisterClient } from './session/unregister-client.command.js';
import { GetTimerCheckPoint } from './timer/get-timer-check-point.command.js';
import { GetTimerMetrics } from './timer/get-timer-metrics.command.js';
import { RecallMessage } from './timer/recall-message.command.js';
import { CleanUnusedTopic } from './topic/clean-unused-topic.command.js';
import { DeleteTopicInBroker } from './topic/delete-topic-in-broker.command.js';
import { GetAllTopicConfig } from './topic/get-all-topic-config.command.js';
import { GetSystemTopicListFromBroker } from './topic/get-system-topic-list-from-broker.command.js';
import { GetTopicConfig } from './topic/get-topic-config.command.js';
import { GetTopicStatsInfo } from './topic/get-topic-stats-info.command.js';
import { QueryTopicConsumeByWho } from './topic/query-topic-consume-by-who.command.js';
import { UpdateAndCreateTopic } from './topic/update-and-create-topic.command.js';
import { UpdateAndCreateTopicList } from './topic/update-and-create-topic-list.command.js';
import { CheckTransactionState } from './transaction/check-transaction-state.command.js';
import { EndTransaction } from './transaction/end-transaction.command.js';
import { ResumeCheckHalfMessage } from './transaction/resume-check-half-message.command.js';

/** Every command that this implementation knows, by code. */
export const commands = [
  SendMessage,
  PullMessage,
  QueryMessage,
  QueryConsumerOffset,
  UpdateConsumerOffset,
  UpdateAndCreateTopic,
  UpdateAndCreateTopicList,
  GetAllTopicConfig,
  UpdateBrokerConfig,
  UpdateColdDataFlowCtrConfig,
  RemoveColdDataFlowCtrConfig,
  GetColdDataFlowCtrInfo,
  GetBrokerConfig,
  GetBrokerRuntimeInfo,
  SearchOffsetByTimestamp,
  GetMaxOffset,
  GetMinOffset,
  GetEarliestMsgStoretime,
  ViewMessageById,
  HeartBeat,
  UnregisterClient,
  ConsumerSendMsgBack,
  EndTransaction,
  GetConsumerListByGroup,
  CheckTransactionState,
  NotifyConsumerIdsChanged,
  LockBatchMq,
  AckMessage,
  BatchAckMessage,
  ChangeMessageInvisibletime,
  Notification,
  PeekMessage,
  PollingInfo,
  PopMessage,
  GetAllMessageRequestMode,
  QueryAssignment,
  SetMessageRequestMode,
  UnlockBatchMq,
  CheckClientConfig,
  GetTimerCheckPoint,
  GetTimerMetrics,
  RecallMessage,
  PutKvConfig,
  GetKvConfig,
  DeleteKvConfig,
  NotifyMinBrokerIdChange,
  RegisterBroker,
  UnregisterBroker,
  GetRouteinfoByTopic,
  GetBrokerClusterInfo,
  UpdateAndCreateSubscriptiongroup,
  GetAllSubscriptiongroupConfig,
  GetTopicStatsInfo,
  GetConsumerConnectionList,
  GetProducerConnectionList,
  WipeWritePermOfBroker,
  GetAllTopicListFromNameserver,
  DeleteSubscriptiongroup,
  GetConsumeStats,
  DeleteTopicInBroker,
  DeleteTopicInNamesrv,
  RegisterTopicInNamesrv,
  GetKvlistByNamespace,
  ResetConsumerClientOffset,
  GetConsumerStatusFromClient,
  InvokeBrokerToResetOffset,
  InvokeBrokerToGetConsumerStatus,
  GetTopicsByCluster,
  UpdateAndCreateSubscriptiongroupList,
  QueryTopicConsumeByWho,
  QueryConsumeTimeSpan,
  GetSystemTopicListFromNs,
  GetSystemTopicListFromBroker,
  CleanExpiredConsumequeue,
  GetConsumerRunningInfo,
  QueryCorrectionOffset,
  ConsumeMessageDirectly,
  SendMessageV2,
  GetUnitTopicList,
  GetHasUnitSubTopicList,
  GetHasUnitSubUnunitTopicList,
  CloneGroupOffset,
  ViewBrokerStatsData,
  CleanUnusedTopic,
  GetBrokerConsumeStats,
  UpdateNamesrvConfig,
  GetNamesrvConfig,
  SendBatchMessage,
  QueryConsumeQueue,
  QueryDataVersion,
  ResumeCheckHalfMessage,
  SendReplyMessage,
  SendReplyMessageV2,
  PushReplyMessageToClient,
  AddWritePermOfBroker,
  GetAllProducerInfo,
  DeleteExpiredCommitlog,
  QueryTopicsByConsumer,
  QuerySubscriptionByConsumer,
  GetTopicConfig,
  GetSubscriptiongroupConfig,
  UpdateAndGetGroupForbidden,
  LitePullMessage,
  GetBrokerMemberGroup,
  BrokerHeartbeat,
  GetBrokerHaStatus,
  ResetMasterFlushOffset,
] as const;

export {
  SendMessage,
  PullMessage,
  QueryMessage,
  QueryConsumerOffset,
  UpdateConsumerOffset,
  UpdateAndCreateTopic,
  UpdateAndCreateTopicList,
  GetAllTopicConfig,
  UpdateBrokerConfig,
  UpdateColdDataFlowCtrConfig,
  RemoveColdDataFlowCtrConfig,
  GetColdDataFlowCtrInfo,
  GetBrokerConfig,
  GetBrokerRuntimeInfo,
  SearchOffsetByTimestamp,
  GetMaxOffset,
  GetMinOffset,
  GetEarliestMsgStoretime,
  ViewMessageById,
  HeartBeat,
  UnregisterClient,
  ConsumerSendMsgBack,
  EndTransaction,
  GetConsumerListByGroup,
  CheckTransactionState,
  NotifyConsumerIdsChanged,
  LockBatchMq,
  AckMessage,
  BatchAckMessage,
  ChangeMessageInvisibletime,
  Notification,
  PeekMessage,
  PollingInfo,
  PopMessage,
  GetAllMessageRequestMode,
  QueryAssignment,
  SetMessageRequestMode,
  UnlockBatchMq,
  GetTimerCheckPoint,
  GetTimerMetrics,
  RecallMessage,
  CheckClientConfig,
  PutKvConfig,
  GetKvConfig,
  DeleteKvConfig,
  NotifyMinBrokerIdChange,
  RegisterBroker,
  UnregisterBroker,
  GetRouteinfoByTopic,
  GetBrokerClusterInfo,
  UpdateAndCreateSubscriptiongroup,
  GetAllSubscriptiongroupConfig,
  GetTopicStatsInfo,
  GetConsumerConnectionList,
  GetProducerConnectionList,
  WipeWritePermOfBroker,
  GetAllTopicListFromNameserver,
  DeleteSubscriptiongroup,
  GetConsumeStats,
  DeleteTopicInBroker,
  DeleteTopicInNamesrv,
  RegisterTopicInNamesrv,
  GetKvlistByNamespace,
  ResetConsumerClientOffset,
  GetConsumerStatusFromClient,
  InvokeBrokerToResetOffset,
  InvokeBrokerToGetConsumerStatus,
  GetTopicsByCluster,
  UpdateAndCreateSubscriptiongroupList,
  QueryTopicConsumeByWho,
  QueryConsumeTimeSpan,
  GetSystemTopicListFromNs,
  GetSystemTopicListFromBroker,
  CleanExpiredConsumequeue,
  GetConsumerRunningInfo,
  QueryCorrectionOffset,
  ConsumeMessageDirectly,
  SendMessageV2,
  GetUnitTopicList,
  GetHasUnitSubTopicList,
  GetHasUnitSubUnunitTopicList,
  CloneGroupOffset,
  ViewBrokerStatsData,
  CleanUnusedTopic,
  GetBrokerConsumeStats,
  UpdateNamesrvConfig,
  GetNamesrvConfig,
  SendBatchMessage,
  QueryConsumeQueue,
  QueryDataVersion,
  ResumeCheckHalfMessage,
  SendReplyMessage,
  SendReplyMessageV2,
  PushReplyMessageToClient,
  AddWritePermOfBroker,
  GetAllProducerInfo,
  DeleteExpiredCommitlog,
  QueryTopicsByConsumer,
  QuerySubscriptionByConsumer,
  GetTopicConfig,
  GetSubscriptiongroupConfig,
  UpdateAndGetGroupForbidden,
  LitePullMessage,
  GetBrokerMemberGroup,
  BrokerHeartbeat,
  GetBrokerHaStatus,
  ResetMasterFlushOffset,
};
