import {
  CloneGroupOffset,
  ConsumerSendMsgBack,
  DeleteSubscriptiongroup,
  DeleteTopicInBroker,
  EndTransaction,
  InvokeBrokerToResetOffset,
  RecallMessage,
  ResponseCode,
  SendBatchMessage,
  SendMessage,
  SendMessageV2,
  SendReplyMessage,
  SendReplyMessageV2,
  SetMessageRequestMode,
  UpdateAndCreateSubscriptiongroup,
  UpdateAndCreateSubscriptiongroupList,
  UpdateAndCreateTopic,
  UpdateAndCreateTopicList,
  UpdateAndGetGroupForbidden,
} from '@rocketmq-ts/protocol';
import type { AnyCommand } from '@rocketmq-ts/protocol';
import type { RemotingServer } from '@rocketmq-ts/remoting';
import { unavailable } from '../send/send-decision.js';

/** What a slave answers to something that only its master may do. */
interface SlaveAnswer {
  readonly code: number;
  readonly remark: string | undefined;
}

const commands = (...list: readonly AnyCommand[]): readonly number[] =>
  list.map(({ code }) => code);

/** Source: rocketmq 5.5.0 `SendMessageProcessor#handlePutMessageResult`, SERVICE_NOT_AVAILABLE. */
const SENDS = commands(
  SendMessage,
  SendMessageV2,
  SendBatchMessage,
  SendReplyMessage,
  SendReplyMessageV2,
  RecallMessage,
);
/** Source: rocketmq 5.5.0 `AdminBrokerProcessor#validateSlave`. */
const TABLE_CHANGES = commands(
  UpdateAndCreateTopic,
  UpdateAndCreateTopicList,
  DeleteTopicInBroker,
  UpdateAndCreateSubscriptiongroup,
  UpdateAndCreateSubscriptiongroupList,
  DeleteSubscriptiongroup,
  UpdateAndGetGroupForbidden,
  SetMessageRequestMode,
);
/** Source: rocketmq 5.5.0 `AdminBrokerProcessor#resetOffsetInner`. */
const OFFSET_CHANGES = commands(InvokeBrokerToResetOffset, CloneGroupOffset);

/** Makes a server refuse, with Apache's codes, everything that would change what a slave copies from its master. */
export function refuseWrites(server: RemotingServer, advertisedHost: string): void {
  const refuse = (codes: readonly number[], { code, remark }: SlaveAnswer): void => {
    for (const requestCode of codes) {
      server.seize(requestCode, (frame, connection) => {
        if (!frame.isOneWay) connection.answer(frame, code, remark, new Map());
      });
    }
  };
  const { SYSTEM_ERROR, SLAVE_NOT_AVAILABLE } = ResponseCode;
  refuse(
    SENDS,
    unavailable({ reason: 'CLOSED', message: 'this broker is a slave; messages go to its master' }),
  );
  // Source: rocketmq 5.5.0 `AbstractSendMessageProcessor#consumerSendMsgBack`.
  refuse(commands(ConsumerSendMsgBack), {
    code: SYSTEM_ERROR,
    remark: `no master available along with ${advertisedHost}`,
  });
  // Source: rocketmq 5.5.0 `EndTransactionProcessor#processRequest`.
  refuse(commands(EndTransaction), { code: SLAVE_NOT_AVAILABLE, remark: undefined });
  refuse(TABLE_CHANGES, {
    code: SYSTEM_ERROR,
    remark:
      "Can't modify topic or subscription group from slave broker, please execute it from master broker.",
  });
  refuse(OFFSET_CHANGES, {
    code: SYSTEM_ERROR,
    remark: 'Can not reset offset in slave broker',
  });
}
