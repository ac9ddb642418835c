import { importSource } from './import-source.mjs';

/** Returns the man pages of the command line by their file names, such as recordpipe-validate.1. */
export async function manPages(version) {
  const { program, commands } = (await importSource('cli/reference.ts')).reference();
  const page = (command, more) => manPage(command, version, more);
  return new Map([
    ['recordpipe.1', page(program, [section('COMMANDS', ...commands.flatMap(summary))])],
    ...commands.map((command) => [`${nameOf(command)}.1`, page(command, [])]),
  ]);
}

function nameOf({ name }) {
  return ['recordpipe', ...name.split(' ')].filter((word) => word !== '').join('-');
}

function manPage(command, version, more) {
  const { description, usage, groups, examples, notes } = command;
  const seeAlso = command.name === '' ? [] : [section('SEE ALSO', '.BR recordpipe (1)')];
  return `${[
    `.TH ${escaped(nameOf(command).toUpperCase())} 1 "" "recordpipe ${escaped(version)}" "recordpipe"`,
    // Lines keep their words whole, and are not stretched.
    '.nh\n.ad l',
    section('NAME', `${escaped(nameOf(command))} \\- ${escaped(description.replace(/\.$/, ''))}`),
    section('SYNOPSIS', escaped(usage)),
    section(
      'DESCRIPTION',
      escaped(description),
      ...notes.flatMap(({ text, lines }) =>
        lines === undefined ? ['.PP', escaped(text)] : ['.PP', ...verbatim(lines)],
      ),
    ),
    ...more,
    ...(command.arguments.length === 0 ? [] : [section('ARGUMENTS', ...command.arguments.flatMap(entry))]),
    section(
      'OPTIONS',
      ...groups.flatMap(({ heading, entries }, i) => [
        ...(i === 0 ? [] : [`.SS ${escaped(heading)}`]),
        ...entries.flatMap(entry),
      ]),
    ),
    section('EXAMPLES', ...verbatim(examples)),
    section(
      'EXIT STATUS',
      ...command.exitCodes.flatMap(([term, text]) => entry({ term, text })),
      ...(command.exitNote === undefined ? [] : ['.PP', escaped(command.exitNote)]),
    ),
    ...seeAlso,
  ].join('\n')}\n`;
}

function section(title, ...lines) {
  return [`.SH ${title}`, ...lines].join('\n');
}

function summary(command) {
  return ['.TP', `.BR ${escaped(nameOf(command))} (1)`, escaped(command.description)];
}

function entry({ term, text }) {
  const flags = escaped(term).replace(/[<[].*[>\]]$/, '\\fI$&\\fB');
  return ['.TP', `\\fB${flags}\\fR`, escaped(text)];
}

function verbatim(lines) {
  return ['.RS 4', '.nf', ...lines.map(escaped), '.fi', '.RE'];
}

/** Escapes the characters that roff interprets or replaces with typographic ones. */
function escaped(text) {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll('`', '\\(ga')
    .replaceAll("'", '\\(aq')
    .replace(/[^\0-~]/gu, (character) => `\\[u${character.codePointAt(0).toString(16).toUpperCase()}]`)
    .replace(/^\./, '\\&.');
}
