import { PeriodicSaver } from '../metadata/periodic-saver.js';

/** Keeps `consumerOffset.json` current. */
export class ConsumerOffsetSaver extends PeriodicSaver {}
