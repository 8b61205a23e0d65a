import { type Disk, DurableFile, type Logger } from '@rocketmq-ts/kernel';

/** What is to be done with the log of a slave before it is opened again. */
export type Resync =
  | { readonly action: 'cut'; /** Where a record ends. */ readonly offset: number }
  | { readonly action: 'wipe' };

/**
 * A note in the store of a slave, found at its next start: a log can be cut or emptied only while it is closed, and a crash in
 * between must not forget it.
 */
export class ResyncOrder {
  private readonly file: DurableFile;
  readonly path: string;

  constructor(
    private readonly disk: Disk,
    storePath: string,
  ) {
    this.path = `${storePath}/config/rocketmq-ts.resync.json`;
    this.file = new DurableFile(disk, this.path);
  }

  /** Resolves when it is on stable storage. */
  async give(order: Resync): Promise<void> {
    await this.file.save(() => JSON.stringify(order));
  }

  /** Does what was noted, if anything, and then forgets it. @throws what `work` throws: it is still noted */
  async carryOut(logger: Logger, work: (order: Resync) => Promise<void>): Promise<void> {
    const found = await this.file.load((bytes) => parse(bytes.toString('utf8')));
    if (!found) return;
    logger.warn('the log of this slave is brought in line with its master', { ...found.value });
    await work(found.value);
    // The note itself goes last: what is left of an older one must not be taken for it.
    for (const suffix of ['.bak', '.tmp', '']) await this.disk.remove(`${this.path}${suffix}`);
    await this.disk.syncDirectory(this.path.slice(0, this.path.lastIndexOf('/')));
  }
}

function parse(text: string): Resync {
  const { action, offset } = JSON.parse(text) as { action?: unknown; offset?: unknown };
  if (action === 'wipe') return { action };
  if (action === 'cut' && Number.isSafeInteger(offset) && (offset as number) >= 0)
    return { action, offset: offset as number };
  throw new Error('it is no order to bring a log in line');
}
