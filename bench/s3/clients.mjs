/** Command lines that download one object, or read all objects with a prefix. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { whyMissing } from '../against/peer.mjs';
import { commandLine, subject } from '../checkout.mjs';
import { ROOT } from '../machine.mjs';

const installed = (path) => join(ROOT, '.cache/counterparts', path);

const AWS = installed('s3-clients/bin/aws');
export const S5CMD = installed('s3-clients/bin/s5cmd');
const HERE = fileURLToPath(new URL('../against/', import.meta.url));

/** Settings that the tools of AWS require, without the profile of the user. */
export const ENVIRONMENT = {
  ...process.env,
  AWS_REGION: 'us-east-1',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
};

const curl = spawnSync('curl', ['--version']).status === 0 ? undefined : 'not installed';
/** Reason why `aws` and `s5cmd` are not available; undefined if they are. */
export const missingClients = existsSync(AWS) && existsSync(S5CMD) ? undefined : whyMissing('s3-clients');

const unsigned = (endpoint) => ['--no-sign-request', '--endpoint-url', endpoint];
const s5cmd = (endpoint, what, ...more) => [S5CMD, ...unsigned(endpoint), what, ...more];
const node = (program, ...args) => [process.execPath, program, ...args];
const ours = (endpoint, bucket, key, options = {}) =>
  node(subject('s3-to-stdout'), bucket.uri(key), JSON.stringify({ endpointUrl: endpoint, ...options }));

const packageVersion = (name) => [process.execPath, '-p', `require('${name}/package.json').version`];

/** How to ask a program for its version, which is the first number that it prints. */
const VERSIONS = {
  aws: [AWS, '--version'],
  s5cmd: [S5CMD, 'version'],
  curl: ['curl', '--version'],
  undici: packageVersion('undici'),
  sdk: packageVersion('@aws-sdk/client-s3'),
};
const known = new Map();

/** Returns the version of a client; undefined if it has none. */
export function versionOf(who) {
  if (!(who in VERSIONS)) return undefined;
  const [program, ...args] = VERSIONS[who];
  if (!known.has(who))
    known.set(who, /\d+(\.\d+)+/.exec(String(spawnSync(program, args, { cwd: ROOT }).stdout))?.[0]);
  return known.get(who);
}

/** Programs that download one object. `line(endpoint, bucket, key)` returns the command. */
export const ONE_OBJECT = [
  { who: 'recordpipe', what: 'openObject', line: ours },
  {
    who: 'recordpipe',
    what: 'openObject, single',
    oneConnection: true,
    line: (endpoint, bucket, key) => ours(endpoint, bucket, key, { single: true }),
  },
  {
    who: 'curl',
    what: 'curl',
    oneConnection: true,
    missing: curl,
    line: (endpoint, bucket, key) => ['curl', '-sSf', `${endpoint}/${bucket.name}/${key}`],
  },
  {
    who: 'aws',
    what: 's3 cp -',
    missing: missingClients,
    line: (endpoint, bucket, key) => [AWS, 's3', 'cp', ...unsigned(endpoint), bucket.uri(key), '-'],
  },
  {
    who: 's5cmd',
    what: 'cat',
    missing: missingClients,
    line: (endpoint, bucket, key) => s5cmd(endpoint, 'cat', bucket.uri(key)),
  },
  {
    who: 's5cmd',
    what: 'cat -c 10 -p 8',
    missing: missingClients,
    line: (endpoint, bucket, key) => s5cmd(endpoint, 'cat', '-c', '10', '-p', '8', bucket.uri(key)),
  },
  {
    who: 'sdk',
    what: 'GetObject',
    oneConnection: true,
    line: (endpoint, bucket, key) => node(join(HERE, 'sdk_cat.mjs'), endpoint, bucket.name, key),
  },
  {
    who: 'undici',
    what: '8 ranges at once',
    line: (endpoint, bucket, key) => node(join(HERE, 'undici_cat.mjs'), `${endpoint}/${bucket.name}/${key}`),
  },
];

/**
 * Programs that read all objects with a prefix: they check them, write them to standard output in
 * order, or copy them into a directory in any order. `firstOnly`: measured over the first kind of
 * connection only.
 */
export const ALL_OBJECTS = [
  {
    who: 'recordpipe',
    what: 'validate',
    line: (endpoint, bucket, prefix) => [
      ...node(commandLine(), 'validate', bucket.uri(prefix), '--json', '--no-progress'),
      ...unsigned(endpoint),
    ],
  },
  { who: 'recordpipe', what: 'readObjects', firstOnly: true, line: ours },
  {
    who: 's5cmd',
    what: "cp 'prefix/*' FOLDER",
    missing: missingClients,
    folder: true,
    line: (endpoint, bucket, prefix, folder) => s5cmd(endpoint, 'cp', `${bucket.uri(prefix)}*`, folder),
  },
  {
    who: 'aws',
    what: 's3 cp --recursive',
    missing: missingClients,
    folder: true,
    firstOnly: true,
    line: (endpoint, bucket, prefix, folder) => [
      ...[AWS, 's3', 'cp', ...unsigned(endpoint)],
      ...['--quiet', '--recursive', bucket.uri(prefix), folder],
    ],
  },
];
