import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseHistory } from '../../libs/testing/src/history/history.ts';

const DRIVER_DIR = join(dirname(fileURLToPath(import.meta.url)), 'driver');

/** The Go program of this folder: it shares no code with us, sends, reads back, and writes what it saw. */
export class ChaosDriver {
  /** What each of its runs saw: a file, whose times begin when it started. */
  #histories = [];
  #producer;
  #dir;
  #topic;
  #queues;

  /** @param {{ dir: string, topic?: string, queues?: number }} options `dir`: for the program and the histories */
  constructor({ dir, topic = 'Chaos', queues = 4 }) {
    this.#dir = dir;
    this.#topic = topic;
    this.#queues = queues;
    this.program = join(dir, 'chaos-driver');
    const build = spawnSync('go', ['build', '-o', this.program, '.'], {
      cwd: DRIVER_DIR,
      encoding: 'utf8',
    });
    if (build.status !== 0) throw new Error(`the driver does not build:\n${build.stderr}`);
  }

  /**
   * Sends and reads without a pause until {@link stopProducing}.
   *
   * @param {string} broker `host:port`
   * @param {{ run: string, paceMs?: number }} options `run`: goes into every message
   */
  produce(broker, { run, paceMs = 2 }) {
    const output = openSync(join(this.#dir, 'driver.log'), 'a');
    const words = ['-run', run, '-pace-ms', `${paceMs}`];
    const child = spawn(
      this.program,
      ['produce', ...this.#words(broker, `produce-${run}`), ...words],
      {
        stdio: ['pipe', output, output],
      },
    );
    closeSync(output);
    const ended = new Promise((resolve) => child.once('close', resolve));
    this.#producer = { child, ended };
  }

  async stopProducing() {
    this.#producer.child.stdin.end();
    await this.#producer.ended;
  }

  /** Ends it at once; its history has no end then. */
  kill() {
    this.#producer?.child.kill('SIGKILL');
  }

  /** Reads every queue from its first to its last place. @throws when a broker does not answer as it should */
  drain(broker, reader) {
    const { status, stderr } = spawnSync(
      this.program,
      ['drain', ...this.#words(broker, reader), '-reader', reader],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`reader ${reader} of ${broker}: ${stderr.trim()}`);
  }

  /** Everything that was seen so far, as one history. */
  events() {
    const beginsMs = this.#histories[0]?.startedMs ?? 0;
    return this.#histories.flatMap(({ file, startedMs, name }) => {
      const laterUs = (startedMs - beginsMs) * 1000;
      return parseHistory(readFileSync(file, 'utf8')).map((event) => ({
        ...event,
        // Each run numbers its messages from 0, so its producers are others than those of the run before.
        ...(event.producer === undefined ? {} : { producer: `${name}/${event.producer}` }),
        ...(event.atUs === undefined ? {} : { atUs: event.atUs + laterUs }),
      }));
    });
  }

  #words(broker, name) {
    const history = join(this.#dir, `${name}.jsonl`);
    this.#histories.push({ file: history, startedMs: performance.now(), name });
    const topic = ['-topic', this.#topic, '-queues', `${this.#queues}`];
    return ['-broker', broker, ...topic, '-history', history];
  }
}
