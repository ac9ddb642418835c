import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  type JobChannel,
  type JobChannelInput,
  trainingRequest,
} from '../../../src/pipemode/job/training-request.ts';
import {
  type FilledChannel,
  type FillOptions,
  type FillProgress,
  fillChannel,
} from '../../../src/pipemode/train/file-channel.ts';
import { SMALL, withServer } from '../../storage/faults/transfer.ts';

export { SMALL, withServer };

const ONE_HOST = { current_host: 'algo-1', hosts: ['algo-1'] };

/** A filled channel, or the attempt to fill one. */
export interface Filling extends FilledChannel {
  readonly folder: string;
  readonly warnings: readonly string[];
  readonly messages: readonly string[];
  readonly progress: readonly FillProgress[];
}

/** A folder for the channels of a test. */
export function newRoot(temp: { readonly path: string }): string {
  const root = mkdtempSync(join(temp.path, 'root-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

/** Fills the channel `train` below `root`. */
export async function fill(
  root: string,
  channel: Partial<JobChannelInput> & { readonly uri: string },
  options: Partial<FillOptions> = {},
): Promise<Filling> {
  const { channels } = trainingRequest({ channels: [{ name: 'train', uri: channel.uri }] });
  const folder = join(root, 'input/data/train');
  const warnings: string[] = [];
  const messages: string[] = [];
  const progress: FillProgress[] = [];
  const filled = await fillChannel({ ...channels[0], ...(channel as JobChannel) }, folder, {
    hosts: ONE_HOST,
    onWarning: (code, message) => {
      warnings.push(code);
      messages.push(message);
    },
    onProgress: (one) => void progress.push(one),
    ...options,
  });
  return { ...filled, folder, warnings, messages, progress };
}

/** All files below a folder with their contents, including those behind links to files. */
export function filesIn(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isDirectory()) found[relative(folder, path)] = readFileSync(path, 'latin1');
  }
  return Object.fromEntries(Object.entries(found).sort());
}

/** The names in the folder of all channels, which may contain only complete channels. */
export function namesIn(root: string): string[] {
  const folder = join(root, 'input/data');
  return lstatSync(folder, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(folder).sort();
}
