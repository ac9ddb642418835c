import type { Option } from 'commander';

/** Returns the description of an option, with its choices and its default. */
export function optionText({ description, argChoices, defaultValue, negate }: Option): string {
  const facts: string[] = [];
  if (argChoices !== undefined) facts.push(`choices: ${argChoices.join(', ')}`);
  if (defaultValue !== undefined && !negate) facts.push(`default: ${defaultValue}`);
  return facts.length === 0 ? description : `${description} (${facts.join('; ')})`;
}
