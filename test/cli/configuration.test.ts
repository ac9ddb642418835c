import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterEach, describe, expect, test } from 'vitest';
import { SETTINGS, variableOf } from '../../src/cli/configuration/settings.ts';
import { program } from '../../src/cli/program.ts';
import { type CliRun, cli } from '../support/cli.ts';
import { misfits } from '../support/json-schema.ts';
import { FILE } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const good = temp.file('good.tfrecord', FILE);
const PROJECT = join(temp.path, 'project');
const INNER = join(PROJECT, 'inner');
mkdirSync(INNER, { recursive: true });
const CONFIG = join(PROJECT, 'recordpipe.config.json');

/** Variables of the machine that would take precedence over files. */
const NONE = Object.fromEntries(
  ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_ENDPOINT_URL'].map((name) => [
    name,
    undefined,
  ]),
);

afterEach(() => rmSync(CONFIG, { force: true }));

/** Writes a file, and runs a command in a directory below it. */
function withConfig(config: unknown, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliRun> {
  writeFileSync(CONFIG, typeof config === 'string' ? config : JSON.stringify(config));
  return cli(args, { cwd: INNER, env: { ...NONE, ...env } });
}

/** Returns the settings that doctor reports, as `value from source`. */
async function settings(
  config: unknown,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Record<string, string>> {
  const { stdout, stderr, code } = await withConfig(config, ['doctor', '--json', ...args], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { configuration } = JSON.parse(stdout) as {
    configuration: { settings: { name: string; value: string; source: string }[] };
  };
  return Object.fromEntries(
    configuration.settings.map(({ name, value, source }) => [
      name,
      `${value} from ${source === CONFIG ? 'file' : source}`,
    ]),
  );
}

describe('precedence', () => {
  const config = { region: 'eu-west-1', profile: 'research', jobs: 2, partSize: '4MiB', progress: false };

  test('a file applies in its directory and below', async () => {
    expect(await settings(config)).toEqual({
      region: 'eu-west-1 from file',
      profile: 'research from file',
      jobs: '2 from file',
      partSize: '4MiB from file',
      progress: 'false from file',
    });
  });

  test('variables take precedence over the file, and the command line over both', async () => {
    const env = { RECORDPIPE_REGION: 'us-west-2', RECORDPIPE_PROFILE: 'ci', RECORDPIPE_PROGRESS: '1' };
    expect(await settings(config, ['--region', 'eu-north-1'], env)).toMatchObject({
      region: 'eu-north-1 from command line',
      profile: 'ci from RECORDPIPE_PROFILE',
      progress: 'true from RECORDPIPE_PROGRESS',
      jobs: '2 from file',
    });
  });

  test('variables of AWS take precedence over the file', async () => {
    const env = { AWS_DEFAULT_REGION: 'us-east-2', AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', NO_COLOR: '1' };
    const found = await settings({ ...config, color: 'always' }, [], env);
    expect(found).toMatchObject({
      region: 'us-east-2 from AWS_DEFAULT_REGION',
      profile: 'keys in the environment from AWS_ACCESS_KEY_ID',
      color: '1 from NO_COLOR',
    });
  });

  test('--config and RECORDPIPE_CONFIG name another file, and --no-config ignores all', async () => {
    const other = temp.file('other.json', Buffer.from('{"region": "ap-south-1"}'));
    expect(await settings(config, ['--config', other])).toEqual({ region: `ap-south-1 from ${other}` });
    expect(await settings(config, [], { RECORDPIPE_CONFIG: other })).toEqual({
      region: `ap-south-1 from ${other}`,
    });
    expect(await settings(config, ['--no-config'])).toEqual({});
  });
});

test('settings reach the command', async () => {
  const { stdout } = await withConfig({ color: 'always' }, ['validate', good]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the start of a color
  expect(stdout).toMatch(/\x1b\[/);
  const failed = await withConfig({ endpointUrl: 'not a url' }, ['count', 's3://bucket/a.tfrecord']);
  expect(failed.code).toBe(2);
  expect(failed.stderr).toMatch(
    /^recordpipe: --endpoint-url: expected a URL .*\(set by .*recordpipe\.config\.json\)\n {2}next: correct the file/,
  );
  const args = ['count', 's3://bucket/a.tfrecord', '--cache-dir', temp.file('cache')];
  const small = await withConfig({}, args, { RECORDPIPE_CACHE_SIZE: '1MiB' });
  expect(small.code).toBe(2);
  expect(small.stderr).toMatch(
    /--cache-size .*\(set by RECORDPIPE_CACHE_SIZE\)\n {2}next: correct or unset RECORDPIPE_CACHE_SIZE/,
  );
});

test('paths in a file are relative to the file', async () => {
  expect((await settings({ cacheDir: 'cache' }))['cacheDir']).toBe(`${join(PROJECT, 'cache')} from file`);
});

test('a setting does not apply if the command line excludes it', async () => {
  const config = { cacheDir: 'cache', cacheSize: '1GiB', signRequest: false };
  const { code, stderr } = await withConfig(config, ['count', good, '--single', '--request-payer']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect((await withConfig({ cacheSize: '1GiB' }, ['count', good])).code).toBe(0);
});

test.each<[situation: string, config: unknown, text: RegExp]>([
  [
    'a misspelled name',
    { endpoint: 'http://localhost' },
    /unknown setting "endpoint"\n {2}next: did you mean endpointUrl\?/,
  ],
  ['the name of an option', { 'cache-dir': 'x' }, /did you mean cacheDir\?/],
  ['an option that is no setting', { recover: true }, /the settings are endpointUrl, region, /],
  ['a wrong type', { jobs: '4' }, /: jobs: Expected an integer\.\n {2}next: correct the file/],
  ['a wrong number', { jobs: 0 }, /: jobs: Expected an integer >= 1\./],
  ['a wrong size', { window: '3XB' }, /: window: Expected a size such as 8MiB/],
  ['a wrong word', { color: 'blue' }, /: color: Allowed choices are auto, always, never/],
  ['no object', [], /expected a JSON object/],
  [
    'a key',
    { secretAccessKey: 'hunter2hunter2' },
    /secretAccessKey looks like a secret.*\n {2}next: .*~\/\.aws\/credentials/,
  ],
  ['a token', { aws_session_token: 'hunter2hunter2' }, /aws_session_token looks like a secret/],
  ['a password in a URL', { endpointUrl: 'http://ann:hunter2@minio:9000' }, /endpointUrl contains a secret/],
  [
    'a password in an unusual URL',
    { endpointUrl: 'http:ann:hunter2@minio' },
    /endpointUrl contains a secret/,
  ],
  ['a huge file', `{"region": "${'x'.repeat(1024 * 1024)}"}`, /: larger than 1 MiB\n/],
  [
    'a name that occurs twice',
    '{"region": "a", "jobs": 2, "\\u0072egion": "b"}',
    /the setting "region" occurs more than once\n {2}next: keep one of the values/,
  ],
  ['broken JSON', '{\n  "region": "hunter2",\n  profile\n}', /recordpipe\.config\.json:3: not valid JSON\n/],
])('%s in a file is a usage error', async (_, config, text) => {
  const { code, stdout, stderr } = await withConfig(config, ['count', good]);
  expect(stderr).toMatch(text);
  expect(stderr).not.toContain('hunter2');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

test('a value may look like a name or a brace', async () => {
  const config = '{"profile": "jobs\\":{", "region": "profile", "jobs": 2}';
  const { code, stderr } = await withConfig(config, ['count', good]);
  expect([code, stderr]).toEqual([0, '']);
});

test('a duration on the command line is shown with its unit', async () => {
  expect(await settings({}, ['--retry-timeout', '5s'])).toEqual({ retryTimeout: '5000ms from command line' });
});

test('a password in a variable is shown nowhere', async () => {
  for (const url of ['http://ann:hunter2@minio:9000', 'http:ann:hunter2@minio', 'ann:hunter2@minio:9000']) {
    const env = { AWS_ENDPOINT_URL: url };
    expect((await settings({}, [], env))['endpointUrl']).toMatch(
      /\[redacted\]@minio.* from AWS_ENDPOINT_URL$/,
    );
    const { code, stderr } = await withConfig({}, ['count', good, '--verbose'], env);
    expect(code).toBe(0);
    expect(stderr).toMatch(/config: endpointUrl = .*minio/);
    expect(stderr).not.toContain('hunter2');
  }
});

test.skipIf(process.platform === 'win32')('a link to a device or to nothing is a usage error', async () => {
  for (const [target, text] of [
    ['/dev/zero', 'not a regular file'],
    ['nowhere', 'no such file'],
    [CONFIG, 'ELOOP'],
  ]) {
    symlinkSync(target, CONFIG);
    const { code, stderr } = await cli(['count', good], { cwd: INNER });
    expect(stderr).toContain(`${CONFIG}: ${text}`);
    expect(code).toBe(2);
    rmSync(CONFIG);
  }
  const { code, stderr } = await cli(['count', good, '--config', '/dev/zero'], { cwd: INNER });
  expect(stderr).toContain('/dev/zero: larger than 1 MiB');
  expect(code).toBe(2);
});

test('a wrong variable is a usage error, and doctor reports a misspelled one', async () => {
  const wrong = await withConfig({}, ['count', good], { RECORDPIPE_PROGRESS: 'maybe' });
  expect(wrong).toMatchObject({ code: 2 });
  expect(wrong.stderr).toMatch(/RECORDPIPE_PROGRESS: Expected true or false\.\n {2}next: correct or unset/);
  const { stdout } = await withConfig({}, ['doctor'], {
    RECORDPIPE_ENDPOINT: 'x',
    RECORDPIPE_SERVICE_PORT: '1',
  });
  expect(stdout).toMatch(/RECORDPIPE_ENDPOINT is not a setting\n +next: set RECORDPIPE_ENDPOINT_URL/);
  expect(stdout).not.toContain('SERVICE_PORT');
});

test('every command has --config, --no-config and --verbose', () => {
  const leaves = (command: Command): Command[] =>
    command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
  for (const command of leaves(program(undefined)).filter((command) => command.name() !== 'help'))
    expect(command.options.map(({ long }) => long)).toEqual(
      expect.arrayContaining(['--color', '--config', '--no-config', '--verbose']),
    );
});

test('a missing --config is a usage error', async () => {
  const { code, stderr } = await cli(['count', good, '--config', 'none.json'], { cwd: temp.path });
  expect(stderr).toMatch(/none\.json: no such file\n/);
  expect(code).toBe(2);
});

describe('the schema and the guide', () => {
  const schema = JSON.parse(
    readFileSync(new URL('../../schema/recordpipe-config.json', import.meta.url), 'utf8'),
  );
  const guide = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

  test('describe every setting', () => {
    const { $schema, ...properties } = schema.properties;
    expect($schema).toBeDefined();
    expect(Object.keys(properties)).toEqual(Object.keys(SETTINGS));
    for (const [name, { option }] of Object.entries(SETTINGS)) {
      expect(properties[name].description).toContain(`as ${option.long}.`);
      expect(guide).toMatch(
        new RegExp(`^\\| \`${name}\` \\| \`${variableOf(name)}\` \\| \`${option.long}`, 'm'),
      );
    }
  });

  test('accept the example of the guide', () => {
    const [, example] = /```json\n(.*?)```/s.exec(guide)!;
    expect(misfits(JSON.parse(example), schema)).toEqual([]);
    expect(misfits({ endpoint: 'x', jobs: 0 }, schema)).not.toEqual([]);
  });
});
