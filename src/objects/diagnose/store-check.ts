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

export function passed(name: StoreCheck['name'], text: string): StoreCheck {
  return { name, status: 'ok', text: redacted(text) };
}

export function failed(name: StoreCheck['name'], text: string, next?: string): StoreCheck {
  return {
    name,
    status: 'failed',
    text: redacted(text),
    ...(next !== undefined && { next: redacted(next) }),
  };
}

export function skipped(name: StoreCheck['name'], text: string): StoreCheck {
  return { name, status: 'skipped', text: redacted(text) };
}
