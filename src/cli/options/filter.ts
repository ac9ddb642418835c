import type { FilterReport } from 'recordpipe/messages/filter';
import { complain } from '../output.ts';
import { formatCount, formatNumberOf, visible } from '../text/format.ts';
import { painter } from '../text/terminal.ts';
import { type OptionsOf, value } from './option.ts';

/** Options of commands that select records. */
export interface FilterOptions {
  readonly where?: string;
}

export const filterOptions: OptionsOf<FilterOptions> = {
  where: value(
    '--where <expression>',
    'use only records for which this CEL expression is true, e.g. \'label == 3 && "cat" in tags\'; if a feature name is not an identifier, write feature("image/encoded")',
  ),
};

/** Prints a notice about a feature of a filter that no record has. */
export function noteUnknownFeature({ message }: { readonly message: string }): void {
  complain(`recordpipe: ${painter(2)('yellow', 'warning')}: --${visible(message)}`);
}

/** Returns the numbers of records that a filter tested and selected. */
export function selectedText({ matched, tested }: FilterReport): string {
  return `--where: ${formatCount(matched)} of ${formatNumberOf(tested, 'record')}`;
}
