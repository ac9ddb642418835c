import type { Argument, Option } from 'commander';

/** Returns the description of an option or argument, with its choices and its default. */
export function describedText({ description, argChoices, defaultValue }: Option | Argument): string {
  const facts: string[] = [];
  if (argChoices !== undefined) facts.push(`choices: ${argChoices.join(', ')}`);
  // A default that the library applies, or that depends on the input, is at the end of the text.
  const [, text, preset] = /^(.*) \(default: (.*)\)$/.exec(description) ?? [undefined, description];
  const applied = preset ?? defaultValue;
  if (applied !== undefined) facts.push(`default: ${applied}`);
  return facts.length === 0 ? text : `${text} (${facts.join('; ')})`;
}
