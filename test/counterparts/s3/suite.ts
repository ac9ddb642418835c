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

/** Everything, against one service; `skipped: NAME (why)` where it or the clients of others cannot be had. */
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
