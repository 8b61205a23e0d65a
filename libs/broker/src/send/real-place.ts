import { fixedProperty } from './stored-properties.js';
import type { StoredProperties } from './stored-properties.js';

const REAL_TOPIC = fixedProperty('REAL_TOPIC', '');
const REAL_QID = fixedProperty('REAL_QID', '');

/** Notes on a message that waits in a topic of the broker's own where it belongs. */
export function rememberPlace(
  properties: StoredProperties,
  topic: { readonly nameBytes: Buffer },
  queueId: number,
): void {
  properties.putValue(REAL_TOPIC, topic.nameBytes, 0, topic.nameBytes.length);
  properties.putText(REAL_QID, String(queueId));
}
