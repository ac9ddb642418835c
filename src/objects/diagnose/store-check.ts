/** One thing that was looked at. */
export interface StoreCheck {
  readonly name: 'credentials' | 'connection' | 'clock' | 'region' | 'list' | 'get' | 'throughput';
  readonly status: 'ok' | 'failed' | 'skipped';
  /** What was found, in a sentence. Never a secret. */
  readonly text: string;
  /** What to do about it. */
  readonly next?: string | undefined;
}

export function passed(name: StoreCheck['name'], text: string): StoreCheck {
  return { name, status: 'ok', text };
}

export function failed(name: StoreCheck['name'], text: string, next?: string): StoreCheck {
  return { name, status: 'failed', text, ...(next !== undefined && { next }) };
}

export function skipped(name: StoreCheck['name'], text: string): StoreCheck {
  return { name, status: 'skipped', text };
}
