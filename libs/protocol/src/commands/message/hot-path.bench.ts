// Run: node --import ./tools/dev/register.mjs libs/protocol/src/commands/message/hot-path.bench.ts
import { FrameDecoder } from '../../frame/frame-decoder.js';
import { FrameWriter } from '../../frame/frame-writer.js';
import { encodeRequestFrame } from '../../frame/encode-frame.js';
import { bodyCrcOf, encodeRecord, recordSizeBytes } from '../../message/message-record.js';
import { hostBytes } from '../../message/host-address.js';
import { hostHex } from '../../message/message-id.js';
import { SendAnswerTemplate, writeSendAnswer } from './send-answer.js';
import { SendHeaderScanner } from './send-header.scanner.js';
import { writePullAnswerHeader } from './pull-answer.js';
import { codec } from '../../define-command.js';
import { PullMessage } from './pull-message.command.js';

const ROUNDS = 7;

/**
 * Nanoseconds of CPU per call, median of the rounds after a warm-up (and best … worst). CPU time, not wall time: other
 * programs on the machine are to count as little as possible.
 */
function measure(what: string, calls: number, run: (calls: number) => void): void {
  run(calls);
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    run(calls);
    rounds.push((process.cpuUsage(before).user * 1000) / calls);
  }
  rounds.sort((a, b) => a - b);
  const [best, median, worst] = [rounds[0]!, rounds[ROUNDS >> 1]!, rounds[ROUNDS - 1]!];
  const spread = `(${best.toFixed(0)} … ${worst.toFixed(0)})`;
  console.log(`${what.padEnd(44)} ${median.toFixed(0).padStart(6)} ns  ${spread}`);
}

const UNIQ_KEY = '0A000001A3B418B4AAC2000102030004';
const ext = (index: number): Map<string, string> =>
  new Map([
    ['a', 'please_rename_unique_group_name'],
    ['b', `BenchmarkTopic${index % 8}`],
    ['c', 'TBW102'],
    ['d', '4'],
    ['e', String(index % 8)],
    ['f', '0'],
    ['g', '1700000000000'],
    ['h', '0'],
    [
      'i',
      `KEYS\u0001order-${index}\u0002UNIQ_KEY\u0001${UNIQ_KEY}\u0002WAIT\u0001true\u0002TAGS\u0001TagA\u0002shop\u0001berlin-mitte-and-some-more\u0002`,
    ],
    ['j', '0'],
    ['k', 'false'],
    ['m', 'false'],
    ['n', 'broker-a'],
  ]);

function chunkOf(serializeType: 0 | 1, count: number, padding: string): Buffer {
  const writer = new FrameWriter();
  for (let i = 0; i < count; i++) {
    const fields = ext(i);
    if (padding !== '') fields.set('i', `${fields.get('i')!}pad\u0001${padding}\u0002`);
    encodeRequestFrame(writer, {
      code: 310,
      opaque: i,
      ext: fields,
      body: Buffer.alloc(1024, 0x61),
      serializeType,
    });
  }
  return writer.bytes();
}

const COUNT = 64;
const json = chunkOf(0, COUNT, 'x'.repeat(110));
const binary = chunkOf(1, COUNT, 'x'.repeat(110));
let headerBytes = 0;
new FrameDecoder().push(json, (frame) => (headerBytes = frame.headerBytes.length));
console.log(
  `JSON header of ${headerBytes} bytes, body 1 KiB, ${COUNT} frames a chunk, Node ${process.version}`,
);

let sink = 0;
for (const [name, chunk] of [
  ['JSON', json],
  ['ROCKETMQ', binary],
] as const) {
  const decoder = new FrameDecoder();
  measure(`frame cut, ${name}`, 200_000, (calls) => {
    for (let i = 0; i < calls; i += COUNT) decoder.push(chunk, (frame) => (sink += frame.opaque));
  });
  const scanner = new SendHeaderScanner();
  const scanning = new FrameDecoder();
  measure(`frame cut + send header, ${name}`, 200_000, (calls) => {
    for (let i = 0; i < calls; i += COUNT) {
      scanning.push(chunk, (frame) => (sink += scanner.scan(frame).tagsCode));
    }
  });
  measure(`frame cut + send header + unique key, ${name}`, 200_000, (calls) => {
    for (let i = 0; i < calls; i += COUNT) {
      scanning.push(chunk, (frame) => (sink += scanner.scan(frame).uniqKey()!.length));
    }
  });
}

const split = new FrameDecoder();
const PIECE = 65_536 - 13;
measure('frame cut, chunks that split frames', 200_000, (calls) => {
  let done = 0;
  while (done < calls) {
    for (let at = 0; at < json.length; at += PIECE) {
      split.push(json.subarray(at, at + PIECE), () => done++);
    }
  }
});

const template = new SendAnswerTemplate({
  hostPart: hostHex(hostBytes('10.0.0.1', 10911)!),
  regionId: 'DefaultRegion',
  traceOn: true,
});
const writer = new FrameWriter({ initialBytes: 65_536 });
for (const serializeType of [0, 1] as const) {
  const answer = {
    serializeType,
    opaque: 0,
    code: 0,
    remark: undefined,
    queueId: 3,
    queueOffset: 0,
    commitLogOffset: 0,
    transactionId: UNIQ_KEY,
    batch: undefined,
    recallHandle: undefined,
  };
  measure(`send answer, ${serializeType === 0 ? 'JSON' : 'ROCKETMQ'}`, 200_000, (calls) => {
    for (let i = 0; i < calls; i++) {
      answer.opaque = i;
      answer.queueOffset = 1_000_000 + i;
      answer.commitLogOffset = 10_000_000_000 + i * 1300;
      writeSendAnswer(writer, template, answer);
      if (writer.length > 60_000) writer.reset();
    }
  });
}

measure('pull answer header', 200_000, (calls) => {
  for (let i = 0; i < calls; i++) {
    writePullAnswerHeader(
      writer,
      {
        serializeType: 0,
        opaque: i,
        code: 0,
        remark: 'FOUND',
        suggestWhichBrokerId: 0,
        nextBeginOffset: 1_000_000 + i,
        minOffset: 0,
        maxOffset: 2_000_000,
        topicSysFlag: 0,
        groupSysFlag: 0,
      },
      32_768,
    );
    if (writer.length > 60_000) writer.reset();
  }
});

const pullExt = new Map(
  Object.entries({
    consumerGroup: 'group',
    topic: 'BenchmarkTopic',
    queueId: '3',
    queueOffset: '1000000',
    maxMsgNums: '32',
    sysFlag: '2',
    commitOffset: '0',
    suspendTimeoutMillis: '15000',
    subscription: '*',
    subVersion: '1700000000000',
    expressionType: 'TAG',
    maxMsgBytes: '2147483647',
    bname: 'broker-a',
  }),
);
const pullWriter = new FrameWriter();
for (let i = 0; i < COUNT; i++)
  encodeRequestFrame(pullWriter, { code: 11, opaque: i, ext: pullExt });
const pulls = pullWriter.detach();
const pullCodec = codec(PullMessage);
const pullDecoder = new FrameDecoder();
measure('frame cut + pull header by codec', 100_000, (calls) => {
  for (let i = 0; i < calls; i += COUNT) {
    pullDecoder.push(pulls, (frame) => {
      sink += pullCodec.decodeRequest(frame.ext(), frame.body).header.queueId;
    });
  }
});

const host = hostBytes('10.0.0.1', 10911)!;
const body = Buffer.alloc(1024, 0x61);
const properties = Buffer.alloc(200, 0x62);
const topicBytes = Buffer.from('BenchmarkTopic');
const record = {
  topicBytes,
  queueId: 3,
  flag: 0,
  queueOffset: 5,
  commitLogOffset: 100,
  sysFlag: 0,
  bornTimestampMs: 1_700_000_000_000,
  bornHostBytes: host,
  storeTimestampMs: 1_700_000_000_000,
  storeHostBytes: host,
  reconsumeTimes: 0,
  preparedTransactionOffset: 0,
  bodyBytes: body,
  bodyStart: 0,
  bodyEnd: body.length,
  bodyCrc: 0,
  propertiesBytes: properties,
  propertiesStart: 0,
  propertiesEnd: properties.length,
};
const log = Buffer.alloc(4096);
measure('record of 1 KiB encoded', 200_000, (calls) => {
  for (let i = 0; i < calls; i++) sink += encodeRecord(log, 0, record);
});
measure('checksum of 1 KiB', 200_000, (calls) => {
  for (let i = 0; i < calls; i++) sink += bodyCrcOf(body, 0, body.length);
});
sink += recordSizeBytes(1, 1, 1, 8, 8);
if (Number.isNaN(sink)) throw new Error('unreachable: keeps the results alive');
