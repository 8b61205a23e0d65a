import { int64, string } from '../../schema/field.js';

/** Which broker speaks to a nameserver. */
export const brokerFields = {
  brokerName: string({ doc: 'Name that a master and its slaves share.' }),
  brokerAddr: string({ doc: 'Address clients reach the broker at, `ip:port`.' }),
  clusterName: string({ doc: 'Cluster of the broker.' }),
  brokerId: int64({ doc: '0 for the master.' }),
};
