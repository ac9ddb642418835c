/**
 * The command-line options for options of the library. A test compares the list with the option names
 * in the library's messages.
 */
export const OPTION_NAMES: Readonly<Record<string, string>> = {
  anonymous: '--no-sign-request',
  attributeNames: '--attributes',
  compression: '--compression',
  contentType: '--content-type',
  cr: '--cr',
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
  hashShards: '--by-hash',
  hosts: '--hosts',
  indexPath: '--output',
  jobs: '--jobs',
  kind: '--kind',
  level: '--level',
  lock: '--no-lock',
  manifest: '--manifest',
  maxErrors: '--max-errors',
  maxFindings: '--max-errors',
  maxLineBytes: '--max-line-size',
  maxProblems: '--max-problems',
  maxRecordBytes: '--max-record-size',
  maxRequests: '--max-requests',
  maxShardBytes: '--size',
  memoryBytes: '--memory',
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
  retryTimeoutMs: '--retry-timeout',
  samples: '--no-samples',
  schema: '--schema',
  seed: '--seed',
  shard: '--shard',
  shards: '--shards',
  shuffleSeed: '--shuffle',
  single: '--single',
  skip: '--if-changed',
  skipBlank: '--skip-blank',
  skipMissing: '--skip-missing',
  strictEof: '--strict-eof',
  stripBom: '--strip-bom',
  suffix: '--suffix',
  tempDir: '--temp-dir',
  title: '--title',
  to: '--to',
  trailing: '--trailing',
  verifyObject: '--verify-object',
  windowBytes: '--window',
};

/** Hints in messages of the library that only a program can follow. */
const LIBRARY_HINTS: readonly RegExp[] = [
  /,? or (?:read with|pass) (?:fatal|missing): (?:false|'memory')(?: to have U\+FFFD in its place)?/g,
  / \((?:lenientFlags|strictPadding)\b[^)]*\)/g,
  / and attempts \(maxAttempts\)/g,
  /, buildIndex(?=\))/g,
  /; (?:pass|set|use) overwrite(?:: true)? to \w+ (?:it|them)/g,
];

/** Ways to read an address of another scheme. Only the last works on the command line. */
const OTHER_SCHEMES = /pass (?:the Response: await fetch\(url\)|a stream of its bytes, or download the file)/;

/** Names with a capital letter inside: wherever they occur, they name an option. */
const COMPOUND = new RegExp(
  `\\b(?:${Object.keys(OPTION_NAMES)
    .filter((name) => /[A-Z]/.test(name))
    .join('|')})\\b`,
  'g',
);

/** A message of the library without its place, with the names of command-line options. */
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
 * The message of a UsageError, which begins with the name of an option or argument, with the names of
 * command-line options.
 */
export function usageInCliWords(message: string): string {
  return inCliWords(message).replace(/^\w+(?=: )/, optionName);
}

function optionName(name: string): string {
  return Object.hasOwn(OPTION_NAMES, name) ? OPTION_NAMES[name] : name;
}
