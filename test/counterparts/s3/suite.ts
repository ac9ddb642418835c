import { describe } from 'vitest';
import { missingCounterpart } from '../counterpart.ts';
import { access } from './access.ts';
import { commands } from './commands.ts';
import type { Kind } from './kinds.ts';
import { names } from './names.ts';
import { reading } from './reading.ts';
import { serviceFor } from './service.ts';
import { uploading } from './uploading.ts';
import { writing } from './writing.ts';

/**
 * Runs all tests against one service. Prints `skipped: NAME (reason)` if the service or the clients
 * are not available.
 */
export function suite(kind: Kind): void {
  const missing = [kind.counterpart, 's3-clients' as const].map(missingCounterpart);
  describe.skipIf(missing.some((reason) => reason !== undefined))(kind.name, () => {
    const service = serviceFor(kind);
    names(service);
    reading(service);
    access(service);
    writing(service);
    commands(service);
    uploading(service);
  });
}
