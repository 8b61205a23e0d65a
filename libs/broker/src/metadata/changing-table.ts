import type { SavedTable } from './periodic-saver.js';

/** A table that notes whether it was changed since it was last saved. */
export abstract class ChangingTable implements SavedTable {
  /** There is something that the file does not have yet. */
  protected changed = false;

  takeChanged(): boolean {
    const { changed } = this;
    this.changed = false;
    return changed;
  }

  markChanged(): void {
    this.changed = true;
  }
}
