import { textAnswer, type HttpPage } from './http-port.js';

/** Says why the service should get no traffic now; undefined: it may. */
export type ReadinessCheck = () => string | undefined;

/** Whether the service may get traffic: started, not stopping, and no check against it. */
export class Readiness {
  private phase: 'starting' | 'ready' | 'stopping' = 'starting';
  private readonly checks = new Map<string, ReadinessCheck>();
  private readonly notes = new Map<string, ReadinessCheck>();

  add(name: string, check: ReadinessCheck): void {
    this.checks.set(name, check);
  }

  /** Something that operators should see here, although the service may get traffic. */
  note(name: string, note: ReadinessCheck): void {
    this.notes.set(name, note);
  }

  started(): void {
    if (this.phase === 'starting') this.phase = 'ready';
  }

  stopping(): void {
    this.phase = 'stopping';
  }

  /** One reason per line of `/readyz`; empty: ready. */
  reasons(): string[] {
    if (this.phase !== 'ready') return [this.phase];
    return linesOf(this.checks);
  }

  readonly page: HttpPage = () => {
    const reasons = this.reasons();
    return reasons.length === 0
      ? textAnswer(200, ['ready', ...linesOf(this.notes)].join('\n'))
      : textAnswer(503, reasons.join('\n'));
  };
}

const linesOf = (checks: ReadonlyMap<string, ReadinessCheck>): string[] =>
  [...checks].flatMap(([name, check]) => {
    const reason = check();
    return reason === undefined ? [] : [`${name}: ${reason}`];
  });
