import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { allPages, ROOT } from '../docs/page.ts';
import { samplePlace } from '../docs/sample-place.ts';

const place = samplePlace();
afterAll(() => place.remove());

test('the TypeScript programs of README.md and the guides have no type errors', () => {
  // Without an import or export, a file is not a module.
  for (const { name, blocks } of allPages())
    for (const [i, { language, code }] of blocks.entries())
      if (language === 'ts') place.write(`${name.replaceAll('/', '-')}-${i}.ts`, `${code}\nexport {};\n`);
  place.write('package.json', '{"type": "module"}');
  const options = {
    strict: true,
    module: 'nodenext',
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable', 'dom', 'dom.iterable', 'dom.asynciterable'],
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
    noEmit: true,
    skipLibCheck: true,
  };
  place.write('tsconfig.json', JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', place.folder], { encoding: 'utf8' });
  expect(stdout).toBe('');
});
