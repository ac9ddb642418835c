import type { WatchdogOptions } from '../watchdog.ts';

/** How long connections and answers may take. */
export type S3Timeouts = WatchdogOptions;
