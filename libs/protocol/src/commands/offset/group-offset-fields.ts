import { boolean, int32, int64, string } from '../../schema/field.js';

/** Where a group is to go. Source: rocketmq 5.5.0 `ResetOffsetRequestHeader`. */
export const resetOffsetFields = {
  group: string({ doc: 'Consumer group.' }),
  topic: string({ doc: 'Topic name, namespace already applied.' }),
  queueId: int32({ default: -1, doc: 'Queue to reset; -1 means all.' }),
  offset: int64({
    optional: true,
    unit: 'messages',
    doc: 'Queue offset to go to; the timestamp decides where absent.',
  }),
  timestampMs: int64({
    wireName: 'timestamp',
    default: 0,
    saturate: true,
    unit: 'ms',
    doc: 'Store time to go to; -1 means the newest message.',
  }),
  isForce: boolean({ default: false, doc: 'Also move forward, not only back.' }),
};

/** Whose offsets are asked for. Source: rocketmq 5.5.0 `GetConsumerStatusRequestHeader`. */
export const consumerStatusFields = {
  topic: string({ doc: 'Topic name, namespace already applied.' }),
  group: string({ doc: 'Consumer group.' }),
  clientAddr: string({ optional: true, doc: 'Ask only the client with this id.' }),
};
