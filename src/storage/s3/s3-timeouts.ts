import type { WatchdogOptions } from '../prefetch/watchdog.ts';

/** How long connections and answers may take. */
export type S3Timeouts = WatchdogOptions;
