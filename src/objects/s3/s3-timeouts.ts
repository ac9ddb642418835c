import type { TransferOptions } from '../object-options.ts';

/** How long connections are waited for. */
export type S3Timeouts = Pick<TransferOptions, 'connectTimeoutMs' | 'headersTimeoutMs' | 'idleTimeoutMs'>;
