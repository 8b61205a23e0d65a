import { parseArgs } from 'node:util';
import { describeError, silentLogger } from '@rocketmq-ts/kernel';
import { NodeClock, NodeNetwork } from '@rocketmq-ts/platform';
import { RemotingClient } from '@rocketmq-ts/remoting';
import { promote } from './promote.js';

const USAGE = `Makes a slave the master of its group, after the master was lost.

  mqpromote -b host:port [--role ASYNC_MASTER|SYNC_MASTER] [--force]

-b        the slave, the address under which the nameservers know it
--role    what it becomes; ASYNC_MASTER where nothing is said: a SYNC_MASTER takes messages only with a slave of its own
--force   also while the master answers: what that one takes from then on is lost. Stop it first whenever you can

Exit code 0: it is master and takes messages.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      broker: { type: 'string', short: 'b' },
      role: { type: 'string', default: 'ASYNC_MASTER' },
      force: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help || values.broker === undefined) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const clock = new NodeClock();
  const client = new RemotingClient({ network: new NodeNetwork(), clock, logger: silentLogger });
  try {
    const { broker: address, role, force } = values;
    await promote({ client, clock, say: (line) => console.log(line) }, { address, role, force });
  } finally {
    client.close();
  }
}

main().catch((error: unknown) => {
  console.error(describeError(error));
  process.exitCode = 1;
});
