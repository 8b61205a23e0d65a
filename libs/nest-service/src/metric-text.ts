import type {
  DeclaredMetric,
  HistogramDeclaration,
  HistogramSample,
  MetricDeclaration,
  MetricReader,
  MetricSample,
} from './metrics.js';

/** Text is turned into bytes in pieces of about this size. */
const PIECE_CHARS = 64 * 1_024;
/** Samples after which other events get their turn: about a millisecond of work. */
const SAMPLES_PER_TURN = 250;

/** Writes Prometheus' text form, version 0.0.4, and lets others have the event loop in between. */
export class MetricText {
  /** Samples past the limit. */
  leftOutCount = 0;
  private readonly sealed: Buffer[] = [];
  private open = '';
  private readonly constant: string;
  private countInMetric = 0;
  private countInTurn = 0;

  constructor(
    constantLabels: Readonly<Record<string, string>>,
    private readonly sampleCountMax: number,
  ) {
    this.constant = Object.entries(constantLabels)
      .map(([name, value]) => `${name}="${escaped(value)}"`)
      .join(',');
  }

  /** Text that is in the right form already. */
  add(text: string): void {
    this.open += text.endsWith('\n') || text === '' ? text : `${text}\n`;
    this.seal();
  }

  /** What follows belongs to this metric. */
  begin({ name, help, type }: DeclaredMetric): void {
    this.countInMetric = 0;
    this.open += `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`;
    this.open += `# TYPE ${name} ${type}\n`;
  }

  async samples(
    { name, labels = [] }: MetricDeclaration,
    read: ReturnType<MetricReader>,
  ): Promise<void> {
    if (typeof read === 'number') {
      this.sample(name, labels, { labels: {}, value: read });
    } else if ('then' in read) {
      this.sample(name, labels, { labels: {}, value: await read });
    } else {
      // Most are there at once: waiting for each of them would cost more than writing it.
      for await (const some of Symbol.iterator in read ? inTurns(read) : each(read)) {
        for (const sample of some) this.sample(name, labels, sample);
        if (this.countInTurn >= SAMPLES_PER_TURN) await this.pause();
      }
    }
    this.seal();
  }

  sample(name: string, labels: readonly string[], { labels: values, value }: MetricSample): void {
    if (this.isFull()) return;
    this.open += `${name}${this.braces(labels, values)} ${numberText(value)}\n`;
  }

  async histograms(
    { name, labels = [], bounds }: HistogramDeclaration,
    samples: Iterable<HistogramSample>,
  ): Promise<void> {
    const ends = [...bounds.map(numberText), '+Inf'];
    for (const { labels: values, counts, sum } of samples) {
      if (this.isFull()) continue;
      const plain = this.inner(labels, values);
      const before = plain === '' ? '' : `${plain},`;
      let total = 0;
      for (const [i, end] of ends.entries()) {
        total += counts[i] ?? 0;
        this.open += `${name}_bucket{${before}le="${end}"} ${total}\n`;
      }
      const braces = plain === '' ? '' : `{${plain}}`;
      this.open += `${name}_sum${braces} ${numberText(sum)}\n${name}_count${braces} ${total}\n`;
      this.countInTurn += ends.length;
      if (this.countInTurn >= SAMPLES_PER_TURN) await this.pause();
    }
    this.seal();
  }

  /** Everything; nothing may be added afterwards. */
  pieces(): readonly Buffer[] {
    if (this.open !== '') this.sealed.push(Buffer.from(this.open, 'utf8'));
    this.open = '';
    return this.sealed;
  }

  private isFull(): boolean {
    this.countInTurn++;
    if (++this.countInMetric <= this.sampleCountMax) return false;
    this.leftOutCount++;
    return true;
  }

  private braces(labels: readonly string[], values: MetricSample['labels']): string {
    const inner = this.inner(labels, values);
    return inner === '' ? '' : `{${inner}}`;
  }

  private inner(labels: readonly string[], values: MetricSample['labels']): string {
    let text = '';
    for (const label of labels) {
      const value = values[label];
      if (value === undefined) continue;
      text += `${text === '' ? '' : ','}${label}="${escaped(value)}"`;
    }
    if (text === '') return this.constant;
    return this.constant === '' ? text : `${text},${this.constant}`;
  }

  private async pause(): Promise<void> {
    this.seal();
    this.countInTurn = 0;
    // eslint-disable-next-line no-restricted-globals -- gives the event loop away, waits for no time
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  private seal(): void {
    if (this.open.length < PIECE_CHARS) return;
    this.sealed.push(Buffer.from(this.open, 'utf8'));
    this.open = '';
  }
}

/** A list in pieces of one turn each. */
function* inTurns(samples: Iterable<MetricSample>): Iterable<MetricSample[]> {
  let piece: MetricSample[] = [];
  for (const sample of samples) {
    piece.push(sample);
    if (piece.length < SAMPLES_PER_TURN) continue;
    yield piece;
    piece = [];
  }
  yield piece;
}

async function* each(samples: AsyncIterable<MetricSample>): AsyncIterable<MetricSample[]> {
  for await (const sample of samples) yield [sample];
}

const escaped = (value: string): string =>
  /["\\\n]/.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : value;

const numberText = (value: number): string =>
  value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);
