import { PeriodicSaver } from '../metadata/periodic-saver.js';

/** Keeps what a slave's clients have committed and its master does not know, over a restart of the slave. */
export class OwnCommitSaver extends PeriodicSaver {}
