import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kill9, startApache, startOurs, stop } from './cluster.mjs';
import { freePorts } from './free-ports.mjs';
import { compiledJava } from './java-programs.mjs';
import { lastLines, run } from './tools.mjs';

const TURN_WITHIN_MS = 300_000;
/** Messages per turn; enough for several pulls, many index entries and some MiB of log. */
const MESSAGE_COUNT = 1_000;
/** Turns never share a number, however many messages a writer sends before it is killed. */
const NUMBERS_PER_TURN = 1_000_000;

/**
 * Hands one store from broker to broker and checks at every turn all that was acknowledged before.
 *
 * Two chains of four turns, the partners alternating: one in which every broker is stopped, one in
 * which every broker is killed while it is being written to.
 *
 * @param {{ server: 'ours' | 'apache', outputDir: string, children: Set<object> }} options
 *   `server`: who alternates with Apache; `apache` tries the mechanism itself
 * @returns {Promise<{ passed: number, failed: number, skipped: number, failures: string[] }>}
 */
export async function runStoreExchange({ server, outputDir, children }) {
  const classPath = await compiledJava({ outputDir, children });
  const result = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const ending of ['stop', 'kill9']) {
    await runChain({ server, ending, classPath, outputDir, children, result });
  }
  return result;
}

async function runChain({ server, ending, classPath, outputDir, children, result }) {
  const dir = mkdtempSync(join(tmpdir(), 'rocketmq-e2e-exchange-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  const chain = {
    ...{ dir, ending, classPath, outputDir, children },
    // Offset message ids contain the broker's address, so it is the same at every turn.
    ports: await freePorts(),
    topic: 'StoreExchange',
    group: 'store-exchange-reader',
    written: [],
    consumed: [],
  };
  const turns = [server, 'apache', server, 'apache'];
  try {
    for (const [turn, kind] of turns.entries()) {
      const before = turn === 0 ? 'an empty store' : `what ${turns[turn - 1]} left`;
      const name = `${ending}: turn ${turn + 1}, ${kind} on ${before}`;
      const last = turn === turns.length - 1;
      const problem = await takeTurn(chain, kind, turn, last).catch((error) => error.stack);
      if (problem === undefined) {
        result.passed++;
        continue;
      }
      result.failed++;
      result.failures.push(`${name}\n${problem}`);
      // What follows would only repeat the same damage.
      result.skipped += turns.length - turn - 1;
      break;
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function takeTurn(chain, kind, turn, last) {
  const startedMs = Date.now();
  const start = kind === 'ours' ? startOurs : startApache;
  const clusterDir = join(chain.dir, `cluster-${turn}`);
  mkdirSync(clusterDir);
  const storeDir = join(chain.dir, 'store');
  const cluster = await start({ dir: clusterDir, storeDir, ports: chain.ports });
  const killing = chain.ending === 'kill9' && !last;
  const manifest = join(chain.dir, `manifest-${turn}`);
  try {
    const program = runProgram(chain, cluster, turn, { manifest, last, killing });
    if (killing) {
      await growsTo(manifest, MESSAGE_COUNT, program);
      await kill9(cluster);
    }
    const { exitCode, outputFile } = await program;
    if (exitCode !== 0) return `exit code ${exitCode}\n${lastLines(outputFile, 40)}`;
    const summary = JSON.parse(lastLines(outputFile, 1));
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    console.log(
      `  ${chain.ending}, turn ${turn + 1}, ${kind}, ${seconds} s:`,
      JSON.stringify(summary),
    );
    const tooLittle = checkNumbers(chain, summary, last);
    if (tooLittle) return tooLittle;
    if (!last) chain.written.push(manifest);
    // A killed writer's messages are read in the next turn.
    chain.consumed = killing ? chain.written.slice(0, -1) : [...chain.written];
  } finally {
    // Nobody opens the store after the last turn, so nobody needs to wait for it to be closed.
    if (last) await kill9(cluster);
    await stop(cluster);
  }
  return cluster.complaints.length > 0 ? cluster.complaints.join('\n') : undefined;
}

async function runProgram(chain, cluster, turn, { manifest, last, killing }) {
  const outputFile = join(chain.outputDir, `store-exchange-${chain.ending}-${turn + 1}.out`);
  rmSync(outputFile, { force: true });
  const words = {
    ...{ namesrv: cluster.namesrv, topic: chain.topic, group: chain.group },
    verify: chain.written.join(','),
    consumed: chain.consumed.join(','),
    // A kill may cost the offsets of the last seconds, a stop must not.
    strict: chain.ending === 'stop',
    ...(last
      ? {}
      : {
          ...{ write: manifest, first: turn * NUMBERS_PER_TURN, count: MESSAGE_COUNT },
          endless: killing,
        }),
  };
  const exitCode = await run(
    'java',
    [
      ...['-Xmx512m', `-Duser.home=${chain.outputDir}`, '-Drocketmq.log.level=warn'],
      ...['-cp', chain.classPath, 'rocketmqts.e2e.StoreExchange'],
      ...Object.entries(words).flatMap(([name, value]) => [`--${name}`, `${value}`]),
    ],
    { outputFile, timeoutMs: TURN_WITHIN_MS, children: chain.children },
  );
  return { exitCode, outputFile };
}

/** A turn that checked or wrote less than it should has not shown anything. */
function checkNumbers(chain, summary, last) {
  const acknowledged = chain.written.map(lineCount).reduce((sum, count) => sum + count, 0);
  if ((summary.acknowledged ?? 0) !== acknowledged) {
    return `checked ${summary.acknowledged} of ${acknowledged} acknowledged messages`;
  }
  return last || summary.written >= MESSAGE_COUNT ? undefined : `wrote only ${summary.written}`;
}

/** Lines of a file; none if it is not there yet. */
function lineCount(file) {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
}

/** Waits until a manifest has so many lines, or its writer has ended. */
async function growsTo(file, count, program) {
  let ended = false;
  program.finally(() => (ended = true)).catch(() => {});
  while (!ended) {
    if (lineCount(file) >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
