const CODES = { connecting: 'ConnectTimeout', head: 'HeadersTimeout', body: 'BodyTimeout' } as const;

/** A service that says nothing. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut';
  readonly code: string;

  constructor(phase: keyof typeof CODES) {
    super('the service says nothing');
    this.code = CODES[phase];
  }
}
