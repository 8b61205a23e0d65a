import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { javaHashCode, silentLogger } from '@rocketmq-ts/kernel';
import { NodeClock, NodeDisk } from '@rocketmq-ts/platform';
import { indexKeysOf } from '@rocketmq-ts/testing/store';
import { isHiddenTransaction } from '@rocketmq-ts/protocol';
import { IndexFiles } from '../index-file/index-files.js';
import { inspectStore, verifyStore } from './inspect-store.js';
import { walkLog } from './log-walker.js';

/** Written by Apache's own store classes. */
const GOLDEN = join(
  dirname(fileURLToPath(import.meta.url)),
  '../../../protocol/test/golden/store-small',
);
const SHAPE = { slotCount: 100, entryCountMax: 400 };

describe("inspecting a store that Apache's broker wrote", () => {
  const disk = new NodeDisk();
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'inspect-'));
    cpSync(GOLDEN, root, { recursive: true });
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const logFile = (number: number): string =>
    join(root, 'commitlog', readdirSync(join(root, 'commitlog')).sort()[number] ?? '');

  it('tells what it holds', async () => {
    const summary = await inspectStore(disk, root, SHAPE);
    expect(summary.log).toMatchObject({
      files: 2,
      fileBytes: 65_536,
      messages: 62,
      maxOffset: 72_189,
      damagedBytes: 0,
    });
    expect(summary.writtenByUs).toBe(false);
    expect(
      summary.queues.find(({ topic, queueId }) => topic === 'TopicA' && queueId === 1),
    ).toMatchObject({ messages: 17, nextQueueOffset: 17 });
  });

  it('finds nothing wrong with it', async () => {
    const report = await verifyStore(disk, root, SHAPE);
    expect(report.problems).toEqual([]);
    expect(report.messages).toBe(62);
    expect(report.units).toBeGreaterThan(55);
    expect(report.unitsToRebuild).toBe(0);
    expect(report.indexEntries).toBeGreaterThan(100);
  });

  it('names a flipped bit in a body and still sees every other message', async () => {
    const bytes = readFileSync(logFile(0));
    bytes[200] = bytes.readUInt8(200) ^ 0x10;
    writeFileSync(logFile(0), bytes);
    const { problems, messages } = await verifyStore(disk, root, SHAPE);
    expect(messages).toBe(61);
    expect(problems[0]).toMatchObject({
      what: 'log',
      finding: '1067 bytes are no record (body-checksum)',
      derived: false,
    });
  });

  it('names a damaged unit as something the next start rebuilds', async () => {
    const folder = join(root, 'consumequeue', 'TopicA', '0');
    const path = join(folder, readdirSync(folder).sort()[0] ?? '');
    const bytes = readFileSync(path);
    bytes.writeInt32BE(77, 20 * 3 + 4);
    writeFileSync(path, bytes);
    expect((await verifyStore(disk, root, SHAPE)).problems).toEqual([
      expect.objectContaining({ what: 'unit', where: 'TopicA/0@3', derived: true }),
    ]);
  });

  it('counts units that are missing without calling it a problem', async () => {
    rmSync(join(root, 'consumequeue'), { recursive: true });
    const report = await verifyStore(disk, root, SHAPE);
    expect(report).toMatchObject({ units: 0, problems: [] });
    expect(report.unitsToRebuild).toBeGreaterThan(55);
  });

  it('reports a file of another length, and a hole between files', async () => {
    appendFileSync(logFile(1), 'x');
    expect((await verifyStore(disk, root, SHAPE)).problems[0]).toMatchObject({
      what: 'log',
      finding: 'has 65537 bytes; the first file has 65536',
    });
    cpSync(logFile(1), join(root, 'commitlog', '00000000000000196608'));
    const findings = (await verifyStore(disk, root, SHAPE)).problems.map(({ finding }) => finding);
    expect(findings).toContain('begins at 196608; 131073 was expected');
  });

  it("gets from the same messages the very bytes of Apache's index file", async () => {
    const [name = ''] = readdirSync(join(root, 'index'));
    const directory = mkdtempSync(join(tmpdir(), 'index-'));
    const index = new IndexFiles(
      { disk, clock: new NodeClock(), logger: silentLogger },
      directory,
      SHAPE,
    );
    await index.recover({ commitLogMinOffset: 0, commitLogMaxOffset: 0, trustedUpTo: 0 });
    for await (const finding of walkLog(disk, join(root, 'commitlog'), true)) {
      if (finding.kind !== 'record' || isRolledBack(finding.record.sysFlag)) continue;
      const { properties, topic, commitLogOffset, storeTimestampMs } = finding.record;
      const [uniqKey, keyTexts, tags] = ['UNIQ_KEY', 'KEYS', 'TAGS'].map((name) =>
        properties.get(name),
      );
      const keys = indexKeysOf(uniqKey, keyTexts, tags);
      index.put(keys, javaHashCode(topic), commitLogOffset, storeTimestampMs);
    }
    await index.flush(true);
    await index.close();
    const [ours = ''] = readdirSync(directory);
    const theirs = readFileSync(join(root, 'index', name));
    expect(readFileSync(join(directory, ours)).equals(theirs)).toBe(true);
    rmSync(directory, { recursive: true });
  });
});

const isRolledBack = (sysFlag: number): boolean =>
  isHiddenTransaction(sysFlag) && (sysFlag & 0xc) === 0xc;
