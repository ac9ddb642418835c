import type { Command } from 'commander';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { type Completion, completionOf } from './model.ts';
import { zshScript } from './zsh.ts';

type Shell = 'bash' | 'zsh' | 'fish';

const SCRIPTS: Readonly<Record<Shell, (completion: Completion) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** Returns the completion script of a shell for the command line with all its commands. */
export function completionScript(shell: Shell, root: Command): string {
  return SCRIPTS[shell](completionOf(root));
}
