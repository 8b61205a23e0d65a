import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NodeDisk } from '@rocketmq-ts/platform';
import { BrokerConfig } from './broker.config.js';
import { ConfigError } from './config-errors.js';
import { ConfigUpdates } from './config-updates.js';
import { loadConfig, type ConfigOutcome } from './load-config.js';
import type { LoadedConfig } from './loaded-config.js';

let folder: string;
let path: string;
const disk = new NodeDisk();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'config-updates-'));
  path = join(folder, 'updates.properties');
});
afterEach(() => rm(folder, { recursive: true }));

const load = (...argv: string[]): Promise<ConfigOutcome> =>
  loadConfig({
    program: 'p',
    summary: 's',
    groups: [BrokerConfig],
    argv,
    disk,
    environment: {},
    updatesPath: () => path,
  });
const run = async (...argv: string[]): Promise<LoadedConfig> => {
  const outcome = await load(...argv);
  if (outcome.kind !== 'run') throw new Error(outcome.text);
  return outcome.config;
};

describe('ConfigUpdates', () => {
  it('keeps changes over restarts, under our names, below flags', async () => {
    const first = await run();
    const updates = new ConfigUpdates(disk, path, first);
    await updates.load();
    await updates.apply('autoCreateTopicEnable=false\nmaxMessageSize=1024\n', 'x');
    await updates.apply('messageBytesMax=2048', 'x');

    const second = await run('--autoCreateTopicEnable=true');
    expect(second.get(BrokerConfig)).toMatchObject({
      autoCreateTopic: true,
      messageBytesMax: 2_048,
    });
    expect(second.originOf('messageBytesMax').text).toBe('updates.properties:3');
    const text = await readFile(path, 'utf8');
    expect(text.split('\n').slice(1)).toEqual([
      'autoCreateTopic=false',
      'messageBytesMax=2048',
      '',
    ]);
  });

  it('does not forget what earlier runs changed', async () => {
    const changes = ['brokerPermission=4', 'autoCreateTopic=false', 'traceOn=false'];
    for (const change of changes) {
      const updates = new ConfigUpdates(disk, path, await run());
      await updates.load();
      await updates.apply(change, 'x');
    }
    expect((await run()).get(BrokerConfig)).toMatchObject({
      brokerPermission: 4,
      autoCreateTopic: false,
      traceOn: false,
    });
  });

  it('changes and keeps nothing when one of several settings is refused', async () => {
    const config = await run();
    const updates = new ConfigUpdates(disk, path, config);
    await expect(updates.apply('traceOn=false\nlistenPort=1', 'x')).rejects.toThrow(ConfigError);
    expect(config.get(BrokerConfig).traceOn).toBe(true);
    expect(await disk.exists(path)).toBe(false);
  });
});

describe('loadConfig', () => {
  it('prints help and settings instead of running', async () => {
    expect(await load('-h')).toMatchObject({
      kind: 'print',
      text: expect.stringContaining('Usage'),
    });
    expect(await load('-p', '--listenPort=5')).toMatchObject({
      kind: 'print',
      text: expect.stringMatching(/^listenPort +5 +port +command line --listenPort +listenPort$/m),
    });
  });

  it('says what is wrong with the file that was named', async () => {
    await expect(load('-c', join(folder, 'absent.conf'))).rejects.toThrow(
      'absent.conf does not exist',
    );
    await expect(load('-c', folder)).rejects.toThrow(/cannot be read: .*EISDIR/);
  });
});
