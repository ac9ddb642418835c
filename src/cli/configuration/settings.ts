import type { Option } from 'commander';
import { commonOptions } from '../options/every-command.ts';
import { objectReadOptions } from '../options/objects.ts';
import { reportOptions, runOptions } from '../options/reports.ts';

/**
 * An option that a file or an environment variable can set for all commands that have it. A setting
 * never changes what a command reads or reports: only from where, how fast, and what it prints
 * meanwhile.
 */
export interface Setting {
  readonly option: Option;
  readonly kind: 'text' | 'path' | 'size' | 'duration' | 'count' | 'boolean';
  /** Variables of other programs, which take precedence over the file. */
  readonly others?: readonly string[];
  /** Options on the command line that exclude the setting. */
  readonly yieldsTo?: readonly string[];
  /** A setting without which this one has no effect. */
  readonly needs?: string;
}

/** All settings, by their names in a file. These are the names of the options in camel case. */
export const SETTINGS: Readonly<Record<string, Setting>> = {
  endpointUrl: {
    option: objectReadOptions.endpointUrl,
    kind: 'text',
    others: ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'],
  },
  region: { option: objectReadOptions.region, kind: 'text', others: ['AWS_REGION', 'AWS_DEFAULT_REGION'] },
  // Keys in the environment are those of a CI job or a container, which rarely has the profile.
  profile: { option: objectReadOptions.profile, kind: 'text', others: ['AWS_PROFILE', 'AWS_ACCESS_KEY_ID'] },
  signRequest: {
    option: objectReadOptions.signRequest,
    kind: 'boolean',
    yieldsTo: ['profile', 'requestPayer'],
  },
  retryTimeout: { option: objectReadOptions.retryTimeout, kind: 'duration' },
  partSize: { option: objectReadOptions.partSize, kind: 'size' },
  window: { option: objectReadOptions.window, kind: 'size' },
  maxRequests: { option: objectReadOptions.maxRequests, kind: 'count' },
  cacheDir: { option: objectReadOptions.cacheDir, kind: 'path', yieldsTo: ['single'] },
  cacheSize: { option: objectReadOptions.cacheSize, kind: 'size', yieldsTo: ['single'], needs: 'cacheDir' },
  jobs: { option: runOptions.jobs, kind: 'count' },
  progress: { option: reportOptions.progress, kind: 'boolean' },
  verbose: { option: commonOptions.verbose, kind: 'boolean' },
  color: { option: commonOptions.color, kind: 'text', others: ['NO_COLOR'] },
};

/** Returns the environment variable of a setting: `RECORDPIPE_CACHE_DIR` for `cacheDir`. */
export function variableOf(name: string): string {
  return `RECORDPIPE_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}
