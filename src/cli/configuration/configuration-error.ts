import { UsageError } from 'recordpipe/errors';

/** An invalid setting in a file or an environment variable. */
export class ConfigurationError extends UsageError {
  /** What to do about it. */
  readonly next: string;

  constructor(message: string, next: string) {
    super(message);
    this.next = next;
  }
}
