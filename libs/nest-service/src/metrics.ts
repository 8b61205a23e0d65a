import { collectDefaultMetrics, Registry } from 'prom-client';
import type { HttpPage } from './http-port.js';
import { MetricText } from './metric-text.js';

/** What a metric is asked for at a scrape: one value, or one per set of labels. */
export type MetricReader = () =>
  number | Iterable<MetricSample> | AsyncIterable<MetricSample> | Promise<number>;

/** A value with its labels. Who gives them bounds their number: a peer must not be able to invent labels. */
export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** How often something fell between bounds, with its labels. */
export interface HistogramSample {
  readonly labels: Readonly<Record<string, string>>;
  /** One count per bound, and one for what is above the last one. Not summed up. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Name, meaning and, where it has any, labels of a metric. */
export interface MetricDeclaration {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/** A histogram's bounds, ascending, without infinity. */
export interface HistogramDeclaration extends MetricDeclaration {
  readonly bounds: readonly number[];
}

/** A declared metric, for those who describe it. */
export interface DeclaredMetric extends MetricDeclaration {
  readonly type: 'gauge' | 'counter' | 'histogram';
}

interface Family extends DeclaredMetric {
  readonly write: (text: MetricText) => Promise<void>;
}

/**
 * Metrics in Prometheus' text form. Everything is read when it is scraped: counting costs the hot path nothing but the
 * plain numbers that it keeps anyway. A scrape shares the event loop: it writes for a few milliseconds at a time.
 */
export class Metrics {
  /** What Node and the process say of themselves, under the names that ready-made dashboards expect. */
  private readonly process = new Registry();
  private readonly families = new Map<string, Family>();
  private underway: Promise<readonly Buffer[]> | undefined;

  /**
   * @param constantLabels on every sample, e.g. cluster and node.
   * @param sampleCountMax samples of one metric; what comes after them is left out and counted.
   */
  constructor(
    private readonly constantLabels: Readonly<Record<string, string>> = {},
    private readonly sampleCountMax: () => number = () => 50_000,
  ) {
    this.process.setDefaultLabels(constantLabels);
    collectDefaultMetrics({ register: this.process });
  }

  /** A level that goes up and down. */
  gauge(declaration: MetricDeclaration, read: MetricReader): void {
    this.add({ ...declaration, type: 'gauge' }, read);
  }

  /** A total that only grows and is kept elsewhere. */
  counter(declaration: MetricDeclaration, read: MetricReader): void {
    this.add({ ...declaration, type: 'counter' }, read);
  }

  /** A distribution that is kept elsewhere. */
  histogram(declaration: HistogramDeclaration, read: () => Iterable<HistogramSample>): void {
    this.declare({
      ...declaration,
      type: 'histogram',
      write: async (text) => text.histograms(declaration, read()),
    });
  }

  /** All metrics that were declared, in that order; those of the process itself left out. */
  get declared(): readonly DeclaredMetric[] {
    return [...this.families.values()];
  }

  readonly page: HttpPage = async () => ({
    status: 200,
    contentType: this.process.contentType,
    body: await this.text(),
  });

  /** The text in pieces. Whoever asks while it is being written gets the same one. */
  text(): Promise<readonly Buffer[]> {
    this.underway ??= this.write().finally(() => (this.underway = undefined));
    return this.underway;
  }

  private async write(): Promise<readonly Buffer[]> {
    const failed: string[] = [];
    const text = new MetricText(this.constantLabels, this.sampleCountMax());
    text.add(await this.process.metrics());
    for (const family of this.families.values()) {
      text.begin(family);
      // A disk that fails must not take the metrics away that say so.
      await family.write(text).catch(() => failed.push(family.name));
    }
    const left: DeclaredMetric = {
      name: 'rocketmq_metrics_samples_left_out',
      help: 'Samples that this page lacks because a metric has more of them than allowed.',
      type: 'gauge',
    };
    text.begin(left);
    text.sample(left.name, [], { labels: {}, value: text.leftOutCount });
    const unread: DeclaredMetric = {
      name: 'rocketmq_metrics_unread',
      help: 'Metrics of this page that could not be read.',
      type: 'gauge',
      labels: ['metric'],
    };
    text.begin(unread);
    for (const metric of failed) {
      text.sample(unread.name, ['metric'], { labels: { metric }, value: 1 });
    }
    return text.pieces();
  }

  private add(declaration: DeclaredMetric, read: MetricReader): void {
    this.declare({ ...declaration, write: async (text) => text.samples(declaration, read()) });
  }

  private declare(family: Family): void {
    if (this.families.has(family.name)) throw new Error(`metric ${family.name} is declared twice`);
    this.families.set(family.name, family);
  }
}
