import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { availableParallelism } from 'node:os';
import { configuration, misspelledVariables } from './configuration/configure.ts';
import { packageVersion } from './fail.ts';
import { complain } from './output.ts';
import { clearLiveLine } from './progress.ts';
import { formatBytes, visible } from './text/format.ts';
import { painter } from './text/terminal.ts';

/** Copy of the name in bytes/trace.ts, which no public subpath exports. */
const CHANNEL = 'recordpipe:trace';

/**
 * Prints what the command reads, decides and requests on standard error, one line each, without
 * secrets.
 * @returns a function that prints the totals and ends the output
 */
export function startVerbose(): () => void {
  const paint = painter(2);
  const print = (topic: string, text: string): void => {
    clearLiveLine();
    const seconds = (performance.now() / 1000).toFixed(3);
    complain(paint('dim', `[${seconds} s] ${topic}: ${visible(text)}`));
  };
  const listener = (line: unknown): void => {
    const { topic, text } = line as { readonly topic: string; readonly text: string };
    print(topic, text);
  };
  subscribe(CHANNEL, listener);
  for (const [topic, text] of beginning()) print(topic, text);
  return () => {
    unsubscribe(CHANNEL, listener);
    const { user, system } = process.cpuUsage();
    const memory = formatBytes(process.resourceUsage().maxRSS * 1024);
    print('end', `processor time ${((user + system) / 1e6).toFixed(3)} s, peak memory ${memory}`);
  };
}

function beginning(): (readonly [topic: string, text: string])[] {
  const { version, platform, arch } = process;
  const { file, settings, used } = configuration();
  return [
    [
      'start',
      `recordpipe ${packageVersion()}, Node ${version}, ${platform} ${arch}, ${availableParallelism()} cores, checksums computed with ${process.env['RECORDPIPE_KERNEL'] === 'table' ? 'tables' : 'WebAssembly'}`,
    ],
    ['config', file ?? 'no recordpipe.config.json in this directory or its parents'],
    ...settings
      .filter(({ name }) => used.has(name) && name !== 'verbose')
      .map(({ name, value, source }) => ['config', `${name} = ${value} (${source})`] as const),
    ...misspelledVariables().map(
      ({ variable, meant }) => ['config', `${variable} is not a setting; did you mean ${meant}?`] as const,
    ),
  ];
}
