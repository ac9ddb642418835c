import type { ColorChoice } from '../text/terminal.ts';
import { choice, flag, grouped, negation, type OptionsOf, value } from './option.ts';

/** Options of every command. */
export interface CommonOptions {
  readonly color: ColorChoice;
  /** A file, false to use none, or undefined to search for it. */
  readonly config?: string | false;
  readonly verbose?: true;
}

const config = value(
  '--config <file>',
  'read settings from this file (default: recordpipe.config.json in the current directory or the nearest parent directory that contains one)',
);

export const commonOptions: OptionsOf<CommonOptions> & { readonly noConfig: ReturnType<typeof negation> } =
  grouped('Settings (RECORDPIPE_ variables and recordpipe.config.json set the defaults):', {
    color: choice(
      '--color <when>',
      'when to use colors; auto honors NO_COLOR',
      ['auto', 'always', 'never'],
      'auto',
    ),
    config: config as OptionsOf<CommonOptions>['config'],
    noConfig: negation('--no-config', 'ignore recordpipe.config.json'),
    verbose: flag('--verbose', 'log reads, decisions and requests to stderr with timestamps'),
  });
