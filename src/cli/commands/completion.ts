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
    notes: `To install completion for bash (requires the bash-completion package):
  mkdir -p ~/.local/share/bash-completion/completions
  recordpipe completion bash > ~/.local/share/bash-completion/completions/recordpipe

To install completion for zsh in a directory listed in $fpath:
  mkdir -p ~/.zfunc && recordpipe completion zsh > ~/.zfunc/_recordpipe
  echo 'fpath=(~/.zfunc $fpath); autoload -Uz compinit && compinit' >> ~/.zshrc

To install completion for fish:
  mkdir -p ~/.config/fish/completions
  recordpipe completion fish > ~/.config/fish/completions/recordpipe.fish

The script completes commands, options, option values, files and directories without starting recordpipe. Reinstall the script after you update recordpipe. The script completes arguments to recordpipe but not to npx recordpipe.`,
    action: async (shell: Shell, _: object) => {
      const { completionScript } = await import('../completion/script.ts');
      await print(completionScript(shell, root));
      return OK;
    },
  })(root);
