/**
 * The program that the kill loop kills: opens the store in `argv[2]`, appends without end and writes one line for each message
 * that was acknowledged into a file. `node --import <hooks> appender.ts <directory> <life> <ASYNC|SYNC> <file>`.
 */
import { openSync, writeSync } from 'node:fs';
import { silentLogger } from '@rocketmq-ts/kernel';
import { NodeClock, NodeDisk } from '@rocketmq-ts/platform';
import { AppendEntry } from '../../src/append-entry.js';
import { MessageStore } from '../../src/message-store.js';
import type { StoreOutcome } from '../../src/message-store.types.js';

const [rootPath = '', life = '0', flushMode = 'ASYNC', told = ''] = process.argv.slice(2);
const toldTo = openSync(told, 'a');
const IN_FLIGHT = 200;
const QUEUES = 5;
const HOST = Buffer.from([127, 0, 0, 1, 0, 0, 0x2a, 0x9f]);

let acknowledged = '';
let number = 0;

class Entry extends AppendEntry {
  text = '';
  uniqKey = '';

  override onStored(outcome: StoreOutcome): void {
    if (outcome.kind !== 'OK') throw new Error(JSON.stringify(outcome));
    acknowledged += `${this.queue.queueId} ${this.queueOffset} ${this.uniqKey} ${this.text}\n`;
    setImmediate(send);
  }
}

const clock = new NodeClock();
const store = await MessageStore.open(
  { disk: new NodeDisk(), clock, logger: silentLogger },
  {
    rootPath,
    storeHostBytes: HOST,
    segmentSizeBytes: 4 << 20,
    consumeQueueFileUnitCount: 2_000,
    queueWriteIntervalMs: 40,
    queueSyncIntervalMs: 150,
    flushIntervalMs: 50,
    flushMode: flushMode === 'SYNC' ? 'SYNC' : 'ASYNC',
    bootId: 'one',
  },
);
writeSync(1, 'open\n');

function send(): void {
  const entry = new Entry();
  entry.text = `${life}-${number++}-${'x'.repeat((number * 131) % 1500)}`;
  entry.queue = store.queue('Killed', number % QUEUES);
  entry.setTopic(Buffer.from('Killed'));
  entry.bornTimestampMs = clock.nowMs();
  entry.bornHostBytes = HOST;
  entry.bodyBytes = Buffer.from(entry.text);
  entry.bodyEnd = entry.bodyBytes.length;
  entry.uniqKey = `${life}-${number}`;
  entry.indexUniqKey(entry.uniqKey);
  entry.propertiesBytes = Buffer.from(`UNIQ_KEY\u0001${entry.uniqKey}\u0002`);
  entry.propertiesEnd = entry.propertiesBytes.length;
  store.append(entry);
}

for (let i = 0; i < IN_FLIGHT; i++) send();
// What was told by the time of the kill must be there; what was not may be.
setInterval(() => {
  if (acknowledged !== '') writeSync(toldTo, acknowledged);
  acknowledged = '';
}, 1);
