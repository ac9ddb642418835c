import { command, type Register } from '../command.ts';
import { OK } from '../exit-codes.ts';
import { print } from '../output.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

type Shell = (typeof SHELLS)[number];

export const register: Register = (root) =>
  command({
    name: 'completion',
    description: 'Print a completion script for bash, zsh or fish.',
    arguments: { '<shell>': { text: 'the shell that reads the script', choices: SHELLS } },
    options: {},
    examples: `
source <(recordpipe completion bash)      # only for this shell
source <(recordpipe completion zsh)       # the same in zsh, after compinit
recordpipe completion fish | source       # the same in fish`,
    notes: `To install the completion for bash, which requires the package bash-completion:
  mkdir -p ~/.local/share/bash-completion/completions
  recordpipe completion bash > ~/.local/share/bash-completion/completions/recordpipe

To install it for zsh, in a directory of $fpath:
  mkdir -p ~/.zfunc && recordpipe completion zsh > ~/.zfunc/_recordpipe
  echo 'fpath=(~/.zfunc $fpath); autoload -Uz compinit && compinit' >> ~/.zshrc

To install it for fish:
  mkdir -p ~/.config/fish/completions
  recordpipe completion fish > ~/.config/fish/completions/recordpipe.fish

The script completes commands, options and their values, files and directories without starting recordpipe. Reinstall it after you update recordpipe. It completes recordpipe, not npx recordpipe.`,
    action: async (shell: Shell, _: object) => {
      const { completionScript } = await import('../completion/script.ts');
      await print(completionScript(shell, root));
      return OK;
    },
  })(root);
