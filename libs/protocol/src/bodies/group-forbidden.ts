import { bool, object, text } from '../json/json-type.js';
import type { JsonOf } from '../json/json-type.js';

/** Whether a group may read a topic. Source: rocketmq 5.5.0 `GroupForbidden`. */
export const GroupForbidden = object({ group: text, readable: bool, topic: text });
export type GroupForbidden = JsonOf<typeof GroupForbidden>;
