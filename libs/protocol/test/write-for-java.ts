// Writes what our codecs make of the golden index into a folder, for Apache's classes to read back:
//   node --import ./tools/dev/register.mjs libs/protocol/test/write-for-java.ts <folder>
//   tools/extract-java-protocol/extract.sh --decode <folder>
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  FrameWriter,
  SendAnswerTemplate,
  codec,
  commandOf,
  decodeRecord,
  decodeRecords,
  decodeRegisterBody,
  encodeRegisterBody,
  encodeRequestFrame,
  fieldsOf,
  formatProperties,
  formatUniqKey,
  hostHex,
  offsetMsgId,
  parseUniqKey,
  readJson,
  writePullAnswerHeader,
  writeSendAnswer,
} from '../src/index.js';
import {
  type GoldenBatch,
  type GoldenFrame,
  type GoldenRecord,
  encodeGoldenBatch,
  encodeGoldenFrame,
  encodeGoldenRecord,
  formatLike,
  hostOf,
  shapesOf,
} from './from-golden.js';
import { goldenFiles } from './golden-files.js';

const folder = process.argv[2];
if (folder === undefined) throw new Error('say which folder to write into');
mkdirSync(folder, { recursive: true });

const files: { file: string; kind: string; value: unknown }[] = [];
function put(file: string, kind: string, value: unknown, bytes: Uint8Array): void {
  writeFileSync(join(folder!, file), bytes);
  files.push({ file, kind, value });
}

/** Java's end of time, which our numbers cannot hold: it is written as the largest safe integer. */
const LONG_MAX = '9223372036854775807';

/** Requests once more through their command's codec, from the values of Java's header object. */
function putThroughCodec(file: string, value: GoldenFrame): void {
  const command = (value.flag & 1) === 0 ? commandOf(value.code) : undefined;
  if (command === undefined || value.header === undefined) return;
  const header: Record<string, unknown> = {};
  for (const { name, wireName, field } of fieldsOf(command.request)) {
    const theirs = value.header[wireName];
    if (theirs === undefined || theirs === null) continue;
    const text = typeof theirs === 'string' ? theirs : JSON.stringify(theirs);
    header[name] = field.parse(text, wireName);
  }
  const body = Buffer.from(value.bodyHex ?? '', 'hex');
  const sent = codec(command).encodeRequest({ header, body: command.request.body.decode(body) });
  const writer = new FrameWriter();
  const serializeType = value.serializeType === 'JSON' ? 0 : 1;
  const { code, opaque } = value;
  const oneWay = value.flag === 2;
  encodeRequestFrame(writer, { code, opaque, oneWay, serializeType, ...sent });
  // Defaults that Java leaves out are written here, so the fields are ours; Java's header object must come out equal.
  const extFields = [...sent.ext].filter(([, text]) => serializeType === 0 || text !== '');
  const beyond = Object.values(value.header).includes(LONG_MAX);
  const { header: _header, ...others } = value;
  const compared = { ...(beyond ? others : value), extFields };
  put(`codec.${file}`, 'frame', compared, writer.bytes());
}

for (const { file, value } of goldenFiles<GoldenFrame>('frame')) {
  const remark = value.serializeType === 'ROCKETMQ' && value.remark === '' ? null : value.remark;
  put(file, 'frame', { ...value, remark }, encodeGoldenFrame({ ...value, remark }));
  putThroughCodec(file, value);
}

for (const { file, value, bytes } of goldenFiles<GoldenRecord>('record')) {
  put(file, 'record', value, encodeGoldenRecord(value, decodeRecord(bytes, 0)));
}
for (const { file, value, bytes } of goldenFiles<{ records: GoldenRecord[] }>('records')) {
  const read = decodeRecords(bytes);
  const written = value.records.map((record, i) => encodeGoldenRecord(record, read[i]!));
  put(file, 'records', value, Buffer.concat(written));
}
for (const { file, value } of goldenFiles<GoldenBatch>('batch-body')) {
  put(file, 'batch-body', value, encodeGoldenBatch(value));
}

for (const { file, value, bytes } of goldenFiles<{ class: string }>('body')) {
  const { ours } = shapesOf(file, value.class);
  const text = bytes.toString('utf8');
  put(file, 'body', value, Buffer.from(formatLike(ours, readJson(ours, text), text)));
}
for (const { file, value, bytes } of goldenFiles('register-broker-compressed')) {
  const body = decodeRegisterBody(bytes, { compressed: true, peerVersion: 513 });
  // What does not travel in this form comes out as Java's defaults on both sides.
  put(file, 'register-broker-compressed', value, encodeRegisterBody(body, true));
}

for (const { file, value } of goldenFiles<{ properties: [string, string][] }>('properties')) {
  put(file, 'properties', value, Buffer.from(formatProperties(new Map(value.properties))));
}
for (const { file, value } of goldenFiles<{ host: string; commitLogOffset: number }>(
  'message-id',
)) {
  const id = offsetMsgId(hostHex(hostOf(value.host)), value.commitLogOffset);
  put(file, 'message-id', value, Buffer.from(id));
}
for (const { file, value } of goldenFiles<{ id: string }>('unique-id')) {
  put(file, 'unique-id', value, Buffer.from(formatUniqKey(parseUniqKey(value.id)!)));
}

const pairs = (fields: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(fields);

/** The answers that are put together without the general encoder. */
for (const serializeType of [0, 1] as const) {
  const fixed = {
    language: 'JAVA',
    version: 513,
    flag: 1,
    serializeType: serializeType === 0 ? 'JSON' : 'ROCKETMQ',
  };
  const writer = new FrameWriter();
  const hostPart = hostHex(hostOf('10.0.0.1:10911'));
  const template = new SendAnswerTemplate({ hostPart, regionId: 'DefaultRegion', traceOn: true });
  writeSendAnswer(writer, template, {
    ...{
      serializeType,
      opaque: 77,
      code: 0,
      remark: undefined,
      queueId: 3,
      queueOffset: 9_007_199_254_740_991,
    },
    ...{ commitLogOffset: 8000, transactionId: '0A000001A3B418B4AAC2000102030004' },
    batch: undefined,
    recallHandle: undefined,
  });
  put(
    `send-answer.${serializeType}.bin`,
    'frame',
    {
      ...fixed,
      code: 0,
      opaque: 77,
      remark: null,
      extFields: pairs({
        queueId: '3',
        transactionId: '0A000001A3B418B4AAC2000102030004',
        msgId: '0A00000100002A9F0000000000001F40',
        TRACE_ON: 'true',
        MSG_REGION: 'DefaultRegion',
        queueOffset: '9007199254740991',
      }),
    },
    writer.detach(),
  );
  writePullAnswerHeader(
    writer,
    {
      ...{
        serializeType,
        opaque: 78,
        code: 19,
        remark: 'OFFSET_OVERFLOW_ONE',
        suggestWhichBrokerId: 0,
      },
      ...{ nextBeginOffset: 5, minOffset: 0, maxOffset: 5, topicSysFlag: 0, groupSysFlag: 0 },
    },
    0,
  );
  const extFields = pairs({
    suggestWhichBrokerId: '0',
    groupSysFlag: '0',
    nextBeginOffset: '5',
    maxOffset: '5',
    minOffset: '0',
    topicSysFlag: '0',
  });
  const pull = { ...fixed, code: 19, opaque: 78, remark: 'OFFSET_OVERFLOW_ONE', extFields };
  put(`pull-answer.${serializeType}.bin`, 'frame', pull, writer.detach());
}

writeFileSync(join(folder, 'index.json'), JSON.stringify({ files }, undefined, 1));
console.log(`${files.length} files in ${folder}`);
