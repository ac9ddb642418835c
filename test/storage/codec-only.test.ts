import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildIfStale } from '../support/build-once.ts';
import { tempDir } from '../support/temp-dir.ts';
import { publicEntries, ROOT } from '../support/type-consumer.ts';

buildIfStale('types', 'dist/types/index.d.ts');

const temp = tempDir();
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly files: readonly string[];
  readonly bin: { readonly recordpipe: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
};

interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>;
}

const locked = (
  JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  }
).packages;

/** Returns the packages that `npm install --omit=optional` installs with recordpipe. */
function required(names: readonly string[] = Object.keys(manifest.dependencies ?? {})): string[] {
  return [
    ...new Set(
      names.flatMap((name) => [
        name,
        ...required(Object.keys(locked[`node_modules/${name}`]?.dependencies ?? {})),
      ]),
    ),
  ];
}

/** Whether Node finds the optional packages in a folder above that for temporary files. */
function hasPackagesAbove(): boolean {
  try {
    createRequire(join(temp.path, 'app.js')).resolve('@aws-sdk/client-s3');
    return true;
  } catch {
    return false;
  }
}

describe('npm install --omit=optional', () => {
  let app: string;

  // Copy what npm would install, because a link would lead Node to the packages of the repository.
  beforeAll(() => {
    app = temp.file('app');
    const own = join(app, 'node_modules/recordpipe');
    mkdirSync(own, { recursive: true });
    for (const pattern of ['package.json', ...manifest.files]) {
      const [name, end] = pattern.split('/**/*');
      const filter = (path: string): boolean =>
        end === undefined || path.endsWith(end) || statSync(path).isDirectory();
      cpSync(join(ROOT, name), join(own, name), { recursive: true, filter });
    }
    for (const name of required())
      cpSync(join(ROOT, 'node_modules', name), join(app, 'node_modules', name), { recursive: true });
    writeFileSync(join(app, 'package.json'), '{"type":"module"}');
  });

  function run(...args: string[]) {
    return spawnSync(process.execPath, args, {
      cwd: app,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: app, AWS_REGION: 'us-east-1', NO_COLOR: '1' },
    });
  }

  test('takes at most 7.5 MB and 8 packages', () => {
    const files = readdirSync(app, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
    expect(required().length + 1).toBeLessThanOrEqual(8);
    expect(bytes).toBeLessThanOrEqual(7.5e6);
  });

  test('compiles without skipLibCheck: the public declarations import no optional package', () => {
    const reached = new Set(publicEntries().map(({ types }) => types));
    const found: string[] = [];
    for (const path of reached)
      for (const [, specifier] of readFileSync(path, 'utf8').matchAll(
        /\b(?:from |import\()['"]([^'"]+)['"]/g,
      )) {
        if (specifier.startsWith('.')) reached.add(join(dirname(path), specifier.replace(/\.js$/, '.d.ts')));
        else if (specifier in manifest.optionalDependencies) found.push(`${path}: ${specifier}`);
      }
    expect(found).toEqual([]);
  });

  test('reads and writes local files', () => {
    const program = `
      import { readRecords } from 'recordpipe';
      import { openTFRecordWriter } from 'recordpipe/records/write';
      const writer = await openTFRecordWriter('a.tfrecord');
      await writer.write(new Uint8Array([1, 2, 3]));
      await writer.close();
      for await (const { length } of readRecords('a.tfrecord')) console.log(length);
    `;
    writeFileSync(join(app, 'local.js'), program);
    expect(run('local.js')).toMatchObject({ status: 0, stdout: '3\n', stderr: '' });
  });

  test.skipIf(hasPackagesAbove())(
    's3:// names the packages to install, in the library and on the command line',
    () => {
      const program = `
      import { listObjects, openObject, openObjectWriter, statObject } from 'recordpipe/storage';
      const uri = 's3://bucket/key';
      const codes = [];
      const note = async (call) => call().catch(({ name, code, message }) => codes.push(name, code, message));
      await note(() => statObject(uri));
      await note(async () => { for await (const _ of listObjects(uri)); });
      await note(async () => { for await (const _ of openObject(uri).chunks); });
      await note(() => openObjectWriter(uri));
      console.log(JSON.stringify(codes));
    `;
      writeFileSync(join(app, 'remote.js'), program);
      const { status, stdout, stderr } = run('remote.js');
      expect(stderr).toBe('');
      expect(status).toBe(0);
      const advice = expect.stringContaining('npm install @aws-sdk/client-s3 undici');
      expect(JSON.parse(stdout)).toEqual(
        Array(4).fill(['RecordpipeError', 'missing-package', advice]).flat(),
      );
      const cli = run(
        join('node_modules/recordpipe', manifest.bin.recordpipe),
        'validate',
        's3://bucket/key',
      );
      expect(cli.stderr).toContain('npm install @aws-sdk/client-s3 undici');
      expect(cli.status).toBeGreaterThan(0);
    },
  );
});
