import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeError } from '@rocketmq-ts/kernel';
import { NodeDisk } from '@rocketmq-ts/platform';
import { inspectStore, verifyStore } from '@rocketmq-ts/storage';
import { dumpStore } from './dump.js';

const USAGE = `Reads a store of rocketmq-ts or of Apache's broker and changes nothing.

  mqstore inspect DIR              what the store holds
  mqstore verify  DIR              checks records, queues, units and index; exit code 1 when something is wrong
  mqstore dump    DIR [--topic T] [--queue N] [--from OFFSET] [--limit N] [--base64]
                                   messages, one line of JSON each

DIR is the store's root (storePathRootDir).`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      topic: { type: 'string' },
      queue: { type: 'string' },
      from: { type: 'string' },
      limit: { type: 'string' },
      base64: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [command, root] = positionals;
  if (values.help || command === undefined || root === undefined) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  if (!existsSync(`${root}/commitlog`))
    throw new Error(`${root} is no store: it has no folder "commitlog".`);
  const disk = new NodeDisk();
  switch (command) {
    case 'inspect':
      console.log(JSON.stringify(await inspectStore(disk, root), null, 2));
      return;
    case 'verify': {
      const report = await verifyStore(disk, root);
      console.log(JSON.stringify(report, null, 2));
      process.exitCode = report.problems.length === 0 ? 0 : 1;
      return;
    }
    case 'dump': {
      const selection = {
        topic: values.topic,
        queueId: wholeNumber('--queue', values.queue),
        fromQueueOffset: wholeNumber('--from', values.from),
        limit: wholeNumber('--limit', values.limit) ?? Infinity,
        base64: values.base64,
      };
      for await (const line of dumpStore(disk, root, selection)) console.log(line);
      return;
    }
    default:
      throw new Error(`There is no command "${command}"; mqstore -h names them.`);
  }
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new Error(`${name} wants a whole number, not "${text}".`);
  return Number(text);
}

main().catch((error: unknown) => {
  console.error(describeError(error));
  process.exitCode = 2;
});
