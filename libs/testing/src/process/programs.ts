import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const BOOT_LINE = /boot success.*\baddress"?[=:]"?[^\s"]+:(\d+)"?[\s,].*httpPort"?[=:](\d+)/;

/** A process with what it has written so far. */
export class Program {
  stdout = '';
  stderr = '';
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;

  constructor(readonly child: ChildProcess) {
    child.stdout!.on('data', (text) => (this.stdout += String(text)));
    child.stderr!.on('data', (text) => (this.stderr += String(text)));
    this.ended = once(child, 'close').then(
      ([code, signal]: (number | string | null)[]) => code ?? signal!,
    );
  }

  /** Resolves when a line of its output matches. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.stdout);
      if (found) return found;
      const more = once(this.child.stdout!, 'data').then(() => true);
      const ended = this.ended.then(() => false);
      if (!(await Promise.race([more, ended])) && !pattern.test(this.stdout))
        throw new Error(`ended without ${String(pattern)}: ${this.stdout}${this.stderr}`);
    }
  }

  async stop(signal: NodeJS.Signals): Promise<{ code: number | string; tookMs: number }> {
    const startedMs = performance.now();
    this.child.kill(signal);
    const code = await this.ended;
    return { code, tookMs: performance.now() - startedMs };
  }
}

/** A service that has come up. */
export interface StartedProgram {
  readonly program: Program;
  /** Where it takes requests, `host:port`. */
  readonly address: string;
  /** Where its pages are. */
  readonly http: string;
}

/**
 * Runs one of the services as real processes, with a folder for their files. They run from the sources: the build is not
 * needed and not tested. Call `close` when the tests are over.
 */
export class Programs {
  readonly folder: string;
  private readonly running = new Set<ChildProcess>();

  /** @param main path of the service's main file in the repository */
  constructor(private readonly main: string) {
    this.folder = mkdtempSync(join(tmpdir(), 'program-'));
  }

  /** @param env its environment: nothing of ours but `PATH` is in it otherwise */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
    const child = spawn(
      process.execPath,
      ['--import', './tools/dev/register.mjs', this.main, ...args],
      {
        cwd: ROOT,
        env: { PATH: process.env['PATH'], HOME: this.folder, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.running.add(child);
    child.once('close', () => this.running.delete(child));
    return new Program(child);
  }

  /** Runs the service until it says that it is up. */
  async start(
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<StartedProgram> {
    const program = this.run(args, env);
    const [, port, httpPort] = await program.says(BOOT_LINE);
    return { program, address: `127.0.0.1:${port}`, http: `http://127.0.0.1:${httpPort}` };
  }

  /** Runs the service where it must not come up. */
  async failing(args: readonly string[]): Promise<{ code: number | string; stderr: string }> {
    const program = this.run(args);
    const code = await program.ended;
    const { stdout, stderr } = program;
    if (stdout.includes('boot success')) throw new Error(`it came up: ${stdout}`);
    return { code, stderr };
  }

  /** Writes a file into the folder. @returns its path */
  writeFile(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  close(): void {
    for (const child of this.running) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
