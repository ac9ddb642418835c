import type { Argument, Option } from 'commander';

/** Returns the description of an option or argument, with its choices and its default. */
export function describedText({ description, argChoices, defaultValue }: Option | Argument): string {
  const facts: string[] = [];
  if (argChoices !== undefined) facts.push(`choices: ${argChoices.join(', ')}`);
  if (defaultValue !== undefined) facts.push(`default: ${defaultValue}`);
  return facts.length === 0 ? description : `${description} (${facts.join('; ')})`;
}
