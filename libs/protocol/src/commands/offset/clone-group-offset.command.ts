import { defineCommand } from '../../define-command.js';
import { boolean, rpcFields, string } from '../../schema/field.js';
import { noBody } from '../../schema/body.codec.js';
import { ResponseCode } from '../../response-code.js';

/** Gives one group the offsets of another. */
export const CloneGroupOffset = defineCommand({
  name: 'CLONE_GROUP_OFFSET',
  code: 314,
  direction: 'client to broker',
  doc: 'Gives one group the offsets of another.',
  request: {
    header: {
      ...rpcFields,
      srcGroup: string({ doc: 'Group whose offsets are taken.' }),
      destGroup: string({ doc: 'Group that gets them.' }),
      topic: string({ optional: true, doc: 'Only this topic.' }),
      offline: boolean({
        default: false,
        doc: 'Whether topics count that the group does not subscribe to now.',
      }),
    },
    body: noBody,
  },
  response: { header: {}, body: noBody },
  failures: [ResponseCode.NO_PERMISSION],
  source: 'rocketmq 5.5.0: CloneGroupOffsetRequestHeader; AdminBrokerProcessor#cloneGroupOffset',
});
