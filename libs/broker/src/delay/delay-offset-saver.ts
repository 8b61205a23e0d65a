import { PeriodicSaver } from '../metadata/periodic-saver.js';

/** Keeps `delayOffset.json` current. */
export class DelayOffsetSaver extends PeriodicSaver {}
