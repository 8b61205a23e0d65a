import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { HttpPage } from './http-port.js';

/** What a metric is asked for at a scrape: one value, or one per set of labels. */
export type MetricReader = () => number | Iterable<MetricSample>;

/** A value with its labels. Who gives them bounds their number: a peer must not be able to invent labels. */
export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Name, meaning and, where it has any, labels of a metric. */
export interface MetricDeclaration {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/**
 * Metrics in Prometheus' text form. Everything is read when it is scraped: counting costs the hot path nothing but the
 * plain numbers that it keeps anyway.
 */
export class Metrics {
  readonly registry = new Registry();

  /** @param constantLabels on every sample, e.g. cluster and node. */
  constructor(constantLabels: Readonly<Record<string, string>> = {}) {
    this.registry.setDefaultLabels(constantLabels);
    // Process and Node figures under the names that ready-made dashboards expect.
    collectDefaultMetrics({ register: this.registry });
  }

  /** A level that goes up and down. */
  gauge(declaration: MetricDeclaration, read: MetricReader): void {
    new Gauge({
      ...nameOf(declaration),
      registers: [this.registry],
      collect() {
        this.reset();
        for (const { labels, value } of samplesOf(read)) this.set(labels, value);
      },
    });
  }

  /** A total that only grows and is kept elsewhere. */
  counter(declaration: MetricDeclaration, read: MetricReader): void {
    new Counter({
      ...nameOf(declaration),
      registers: [this.registry],
      collect() {
        this.reset();
        for (const { labels, value } of samplesOf(read)) this.inc(labels, value);
      },
    });
  }

  readonly page: HttpPage = async () => ({
    status: 200,
    contentType: this.registry.contentType,
    body: await this.registry.metrics(),
  });
}

const nameOf = ({ name, help, labels = [] }: MetricDeclaration) => ({
  name,
  help,
  labelNames: [...labels],
});

function samplesOf(read: MetricReader): Iterable<MetricSample> {
  const samples = read();
  return typeof samples === 'number' ? [{ labels: {}, value: samples }] : samples;
}
