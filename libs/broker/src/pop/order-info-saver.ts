import { PeriodicSaver } from '../metadata/periodic-saver.js';

/** Keeps `consumerOrderInfo.json` current. */
export class OrderInfoSaver extends PeriodicSaver {}
