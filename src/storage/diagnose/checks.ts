import { redacted } from '../../redact.ts';

/** The result of one check of `diagnoseStore`. */
export interface StoreCheck {
  readonly name: 'credentials' | 'connection' | 'clock' | 'region' | 'list' | 'get' | 'throughput';
  readonly status: 'ok' | 'failed' | 'skipped';
  /** The finding, in a sentence. Never contains a secret. */
  readonly text: string;
  /** The next step. */
  readonly next?: string | undefined;
}

/** Collects checks, without secrets. */
export class Checks {
  readonly all: StoreCheck[] = [];
  readonly #onCheck: ((check: StoreCheck) => void) | undefined;

  constructor(onCheck: ((check: StoreCheck) => void) | undefined) {
    this.#onCheck = onCheck;
  }

  passed(name: StoreCheck['name'], text: string): void {
    this.#add({ name, status: 'ok', text: redacted(text) });
  }

  failed(name: StoreCheck['name'], text: string, next?: string): void {
    const advice = next === undefined ? {} : { next: redacted(next) };
    this.#add({ name, status: 'failed', text: redacted(text), ...advice });
  }

  skipped(text: string, ...names: StoreCheck['name'][]): void {
    for (const name of names) this.#add({ name, status: 'skipped', text: redacted(text) });
  }

  #add(check: StoreCheck): void {
    this.all.push(check);
    this.#onCheck?.(check);
  }
}
