/**
 * Command-line options, keyed by library option. A test compares this list with the option names in
 * the library's messages.
 */
export const OPTION_NAMES: Readonly<Record<string, string>> = {
  anonymous: '--no-sign-request',
  attributeNames: '--attributes',
  by: '--by',
  cache: '--cache-dir',
  checkpoint: '--checkpoint',
  checkpointIntervalMs: '--checkpoint-interval',
  checkpoints: '--checkpoints',
  columns: '--columns',
  compression: '--compression',
  contentType: '--content-type',
  cr: '--cr',
  currentHost: '--current-host',
  cutBytes: '--cut',
  delimiter: '--delimiter',
  encoding: '--encoding',
  endpointUrl: '--endpoint-url',
  epochs: '--epochs',
  escapeMagic: '--no-escape',
  firstEpoch: '--first-epoch',
  force: '--force',
  format: '--format',
  fraction: '--fraction',
  from: '--from',
  graceMs: '--grace',
  hashShards: '--by-hash',
  hosts: '--hosts',
  image: '--image',
  indexPath: '--output',
  batchRows: '--batch-rows',
  inferRecords: '--infer',
  maxRecords: '--records',
  skipRecords: '--skip',
  inputMode: '--input-mode',
  instanceCount: '--instance-count',
  interruptAfterMs: '--interrupt-after',
  jobs: '--jobs',
  kind: '--kind',
  level: '--level',
  localPath: '--checkpoint-dir',
  lock: '--no-lock',
  lossy: '--lossy',
  manifest: '--manifest',
  maxBytes: '--cache-size',
  maxErrors: '--max-errors',
  maxFindings: '--max-errors',
  maxLineBytes: '--max-line-size',
  maxProblems: '--max-problems',
  maxRecordBytes: '--max-record-size',
  maxRequests: '--max-requests',
  maxRetries: '--retries',
  maxRuntimeSeconds: '--max-runtime',
  maxShardBytes: '--size',
  memoryBytes: '--memory',
  metricDefinitions: '--metric',
  MetricDefinitions: '--metric',
  missing: '--missing',
  multipart: '--multipart',
  onBadLine: '--skip-bad-lines',
  onFailure: '--hold',
  onTruncated: '--on-truncated',
  overwrite: '--force',
  partBytes: '--part-size',
  payloadCrc: '--payload-crc',
  pinVersion: '--pin-version',
  pipeDir: '--dir',
  prefix: '--prefix',
  probeBytes: '--probe',
  profile: '--profile',
  readerTimeoutMs: '--reader-timeout',
  records: '--records',
  recordsPerShard: '--records',
  region: '--region',
  requesterPays: '--request-payer',
  resumeFile: '--resume',
  retryTimeoutMs: '--retry-timeout',
  root: '--root',
  rowGroupRows: '--row-group',
  rowsPerFile: '--rows-per-file',
  samples: '--no-samples',
  schema: '--schema',
  seed: '--seed',
  shard: '--shard',
  shards: '--shards',
  shuffleSeed: '--shuffle',
  single: '--single',
  skip: '--if-changed',
  skipBlank: '--skip-blank',
  skipErrors: '--skip-errors',
  skipMissing: '--skip-missing',
  spot: '--spot',
  strictEof: '--strict-eof',
  stripBom: '--strip-bom',
  suffix: '--suffix',
  tempDir: '--temp-dir',
  title: '--title',
  to: '--to',
  trailing: '--trailing',
  verifyObject: '--verify-object',
  where: '--where',
  weights: '--weights',
  windowBytes: '--window',
};

/** Hints in library messages that only programs can follow. */
const LIBRARY_HINTS: readonly RegExp[] = [
  /,? or (?:read with|pass) (?:fatal|missing): (?:false|'memory')(?: to replace it with U\+FFFD)?/g,
  / \((?:lenientFlags|strictPadding)\b[^)]*\)/g,
  / and attempts \(maxAttempts\)/g,
  /, buildIndex(?=\))/g,
  /; (?:pass|set|use) overwrite(?:: true)? to \w+ (?:it|them)/g,
];

/**
 * Matches the alternatives to addresses with other schemes. Only the last alternative works on the
 * command line.
 */
const OTHER_SCHEMES = /pass (?:the Response: await fetch\(url\)|a stream of the data, or download the file)/;

/**
 * Matches option names with an inner capital letter, which are unambiguous anywhere in a message,
 * except fields of a JSON document, which follow a dot.
 */
const COMPOUND = new RegExp(
  `(?<!\\.)\\b(?:${Object.keys(OPTION_NAMES)
    .filter((name) => /[A-Z]/.test(name))
    .join('|')})\\b`,
  'g',
);

/**
 * Returns the message of an error with library option names replaced by command-line options. The
 * location at its end, which quotes file names, stays unchanged.
 */
export function cliMessage({ message }: { readonly message: string }): string {
  // The rest quotes the expression.
  if (message.startsWith('where: ')) return `--${message}`;
  const place = message.search(/ \((?:record \d|at (?:uncompressed )?byte \d)/);
  if (place >= 0) return inCliWords(message.slice(0, place)) + message.slice(place);
  const last = message.endsWith(')') ? message.lastIndexOf(' (') : -1;
  const isOption = last >= 0 && Object.hasOwn(OPTION_NAMES, message.slice(last + 2, -1));
  return last < 0 || isOption
    ? inCliWords(message)
    : inCliWords(message.slice(0, last)) + message.slice(last);
}

/**
 * Replaces library option names by command-line options in a message that does not contain a
 * location.
 */
export function inCliWords(message: string): string {
  let text = message;
  for (const hint of LIBRARY_HINTS) text = text.replace(hint, '');
  return text
    .replace(OTHER_SCHEMES, 'download the file')
    .replace(/\b(\w+): '([\w-]+)'/g, (all, name: string, value: string) =>
      Object.hasOwn(OPTION_NAMES, name) ? `${OPTION_NAMES[name]} ${value}` : all,
    )
    .replace(/\((\w+)\)/g, (all, name: string) =>
      Object.hasOwn(OPTION_NAMES, name) ? `(${OPTION_NAMES[name]})` : all,
    )
    .replace(COMPOUND, optionName);
}

/**
 * Returns the message of a UsageError, which begins with an option or argument, with library option
 * names replaced by command-line options.
 */
export function usageInCliWords(message: string, command: string | undefined = process.argv[2]): string {
  // The rest quotes the expression.
  if (message.startsWith('where: ')) return `--${message}`;
  // A command keeps its name because `schema` is both a command and an option.
  return inCliWords(message).replace(/^\w+(?=: )/, (name) => (name === command ? name : optionName(name)));
}

function optionName(name: string): string {
  return Object.hasOwn(OPTION_NAMES, name) ? OPTION_NAMES[name] : name;
}
