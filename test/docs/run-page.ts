import { expect } from 'vitest';
import type { Block, Page } from './page.ts';
import type { SamplePlace } from './sample-place.ts';

/** What a block printed: both standard streams, as in a terminal. */
export interface BlockRun {
  readonly output: string;
  readonly failure?: string;
}

/**
 * Runs the blocks of a page in order, in one folder. `sh` blocks run in bash and must succeed; a
 * block after `<!-- exit N -->` must exit with N. `ts` blocks run as they are, as JavaScript modules:
 * readers save them as `.mjs` files. Blocks that start with a file name are stored.
 */
export async function runPage(
  page: Page,
  place: SamplePlace,
  env: NodeJS.ProcessEnv,
): Promise<Map<string, BlockRun>> {
  const runs = new Map<string, BlockRun>();
  const blocks = page.blocks.filter(({ notRun }) => notRun === undefined);
  let modules: Block[] = [];
  const runModules = async (): Promise<void> => {
    const paths = modules.map(({ code }, i) => place.write(`block-${runs.size + i}.mjs`, code));
    const results = await place.runModules(paths, env);
    for (const [i, { place: name }] of modules.entries())
      runs.set(name, results[i] ?? { output: '', failure: 'a block before it ended the process' });
    modules = [];
  };
  for (const [i, block] of blocks.entries()) {
    if (block.language === 'ts') {
      modules.push(block);
      if (blocks[i + 1]?.language !== 'ts') await runModules();
    } else if (block.file !== undefined) place.write(block.file, `${block.code}\n`);
    else if (block.language === 'sh') {
      const { stdout, status } = await place.start('bash', ['-c', script(block.code)], env);
      runs.set(block.place, {
        output: stdout,
        ...(status !== block.exitCode && { failure: `exit code ${status}\n${stdout}` }),
      });
    }
  }
  expect(modules).toEqual([]);
  return runs;
}

/** Programs that install packages: the test's folder has them. */
const INSTALLS = /^(npm|pip|python3? -m pip|git) /;

function script(code: string): string {
  const lines = code.split('\n').map((line) => (INSTALLS.test(line) ? `: ${JSON.stringify(line)}` : line));
  return `exec 2>&1\nset -e\n${lines.join('\n')}\n`;
}
