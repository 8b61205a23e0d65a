import { defaulted, int64, mapOf, object } from '../json/json-type.js';
import type { JsonOf } from '../json/json-type.js';

/** A group that reads cold data. Source: rocketmq 5.5.0 `AccAndTimeStamp`. */
export const ColdReaderState = object({
  /** Bytes in the present window. */
  coldAcc: defaulted(int64, () => 0),
  createTimeMills: defaulted(int64, () => 0),
  lastColdReadTimeMills: defaulted(int64, () => 0),
});
export type ColdReaderState = JsonOf<typeof ColdReaderState>;

/** Source: rocketmq 5.5.0 `ColdDataCgCtrService#getColdDataFlowCtrInfo`. */
export const ColdDataFlowCtrInfo = object({
  cgColdReadThreshold: defaulted(int64, () => 0),
  /** Thresholds that operators have set, by group. */
  configTable: defaulted(mapOf(int64), () => new Map<string, number>()),
  /** Bytes of all groups in the present window. */
  globalAcc: defaulted(int64, () => 0),
  globalColdReadThreshold: defaulted(int64, () => 0),
  runtimeTable: defaulted(mapOf(ColdReaderState), () => new Map<string, ColdReaderState>()),
});
export type ColdDataFlowCtrInfo = JsonOf<typeof ColdDataFlowCtrInfo>;
