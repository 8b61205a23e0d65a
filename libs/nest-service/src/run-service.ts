import {
  type LoadedConfig,
  loadConfig,
  LoggingConfig,
  type ProgramConfig,
} from '@rocketmq-ts/config';
import {
  type Clock,
  type Disk,
  Lifecycle,
  type LifecyclePart,
  type Logger,
  traceOf,
} from '@rocketmq-ts/kernel';
import { startFailureText } from './start-failure.js';
import { StdoutLogger } from './stdout-logger.js';

/** What a service gets to build its parts from. */
export interface ServiceContext {
  readonly config: LoadedConfig;
  readonly logger: Logger;
  /**
   * Ends this service in order, and runs another one in the same process: its arguments are the same, it reads its
   * configuration anew.
   */
  readonly handOver: (to: URL) => void;
}

/**
 * Main file of a neighbouring app, built or not as the one that asks.
 * @param mainUrl `import.meta.url` of the asking app's main file
 */
export const neighbourMain = (mainUrl: string, app: string): URL =>
  new URL(`../../${app}/${mainUrl.split('?')[0]!.split('/').slice(-2).join('/')}`, mainUrl);

/** A service process. */
export interface ServiceDefinition extends Omit<ProgramConfig, 'argv' | 'disk' | 'environment'> {
  readonly clock: Clock;
  readonly disk: Disk;
  /**
   * Makes the parts in the order in which they start; nothing is opened yet.
   * @returns `onReady` runs when all have started, to say so; `onStopping` as soon as a stop is asked for.
   */
  build(context: ServiceContext): Promise<ServiceParts> | ServiceParts;
  /** Another service is meant by this configuration: its main file runs in place of this one. */
  instead?(config: LoadedConfig): URL | undefined;
}

/** Parts of a service, and whom to tell. */
export interface ServiceParts {
  readonly parts: readonly LifecyclePart[];
  onReady?(): void;
  onStopping?(): void;
}

/** All stops together; an orchestrator kills ten seconds after its signal, or later. */
const STOP_DEADLINE_MS = 9_500;

/**
 * Runs a service until a signal: reads its configuration, starts its parts, says in one sentence what is wrong when
 * that fails, stops its parts in reverse on SIGTERM or SIGINT, and ends at once on a second signal.
 *
 * Exit codes: 0 after a clean stop, `-h` or `-p`; 1 after a failed start, an unclean stop or an unexpected error.
 */
export async function runService(definition: ServiceDefinition): Promise<void> {
  try {
    const outcome = await loadConfig({ ...definition, argv: process.argv.slice(2) });
    if (outcome.kind === 'print') {
      process.stdout.write(outcome.text);
      return;
    }
    const other = definition.instead?.(outcome.config);
    if (other) await runMain(other);
    else await new ServiceProcess(definition, outcome.config).run();
  } catch (error) {
    process.stderr.write(`${startFailureText(definition.program, error)}\n`);
    process.exitCode = 1;
    // Parts that were stopped after a failed start may have left something open: it must not keep the process.
    setImmediateExit();
  }
}

let runCount = 0;

/** A module runs once under one name: with a name of its own it also runs where it has run before. */
const runMain = (main: URL): Promise<unknown> => import(`${main.href}?run=${++runCount}`);

/** Ends the process once what was written has left. */
function setImmediateExit(): void {
  process.stdout.write('', () => process.stderr.write('', () => process.exit()));
}

class ServiceProcess {
  private readonly logger: Logger;
  private lifecycle: Lifecycle | undefined;
  private parts: ServiceParts | undefined;
  private stopAsked = false;
  private successor: URL | undefined;
  private readonly listeners = new Map<string, (argument: never) => void>();

  constructor(
    private readonly definition: ServiceDefinition,
    private readonly config: LoadedConfig,
  ) {
    // A reader of our output that went away is no reason to stop serving.
    process.stdout.on('error', () => undefined);
    this.logger = new StdoutLogger(config.get(LoggingConfig), definition.clock, (line) =>
      process.stdout.write(line),
    );
  }

  async run(): Promise<void> {
    const { definition, config, logger } = this;
    this.listen('uncaughtException', (error: Error) => this.fail(error));
    for (const signal of ['SIGTERM', 'SIGINT']) this.listen(signal, () => this.onSignal(signal));

    for (const warning of config.warnings) logger.warn(`configuration: ${warning}`);
    const handOver = (to: URL): void => this.handOver(to);
    this.parts = await definition.build({ config, logger, handOver });
    this.lifecycle = new Lifecycle(this.parts.parts, { clock: definition.clock, logger });
    if (this.isStopping()) return;
    await this.lifecycle.start();
    if (!this.isStopping()) this.parts.onReady?.();
  }

  private listen(event: string, listener: (argument: never) => void): void {
    this.listeners.set(event, listener);
    process.on(event, listener as () => void);
  }

  /** A signal may have come during any wait. */
  private isStopping(): boolean {
    return this.stopAsked;
  }

  private onSignal(signal: string): void {
    const { logger } = this;
    if (this.successor) {
      // It was about to go on as another service: it ends instead.
      this.successor = undefined;
      logger.info('stopping', { signal });
      return;
    }
    if (this.stopAsked) {
      logger.warn('second signal: ending at once', { signal });
      process.exit(1);
    }
    logger.info('stopping', { signal });
    this.stop();
  }

  private handOver(to: URL): void {
    if (this.stopAsked) return;
    this.successor = to;
    this.stop();
  }

  private stop(): void {
    const { logger } = this;
    this.stopAsked = true;
    process.exitCode = 1; // until all has stopped
    this.parts?.onStopping?.();
    const deadline = this.definition.clock.setTimer(STOP_DEADLINE_MS, () => {
      logger.error('not stopped in time: ending', { deadlineMs: STOP_DEADLINE_MS });
      process.exit(1);
    });
    const stopped = this.lifecycle?.stop() ?? Promise.resolve({ failed: [] });
    void stopped.then(({ failed }) => {
      logger.info('stopped', { unclean: failed.join(',') || undefined });
      process.exitCode = failed.length > 0 ? 1 : 0;
      if (failed.length > 0 || !this.successor) {
        setImmediateExit();
        return;
      }
      deadline.cancel();
      for (const [event, listener] of this.listeners) process.off(event, listener as () => void);
      void runMain(this.successor);
    });
  }

  /** An error that nobody caught, e.g. a broken invariant: what runs on could do harm. */
  private fail(error: unknown): void {
    this.logger.error('unexpected error: ending', { error: traceOf(error) });
    process.exitCode = 1;
    setImmediateExit();
  }
}
