import { importSource } from './import-source.mjs';

const [{ DATA_ERROR_CODES }, { ERROR_SECTIONS, ERROR_TEXTS }, { exitCodeOf }] = await Promise.all([
  importSource('errors.ts'),
  importSource('error-texts.ts'),
  importSource('cli/exit-codes.ts'),
]);

/** Returns the error reference: `errors.md`. */
export function errorPages() {
  const sections = Object.entries(ERROR_SECTIONS).map(([section, title]) => {
    const codes = Object.keys(ERROR_TEXTS).filter((code) => ERROR_TEXTS[code].section === section);
    return [`## ${title}`, ...codes.map(entry)].join('\n\n');
  });
  return new Map([['errors.md', [HEAD, overview(), ...sections, ''].join('\n\n').replace(/\n+$/, '\n')]]);
}

const HEAD = `# Error codes

Every failure caused by data, usage or the environment has one of these codes. Releases may add codes
but never rename one. [Errors and retrying](../errors.md) shows how to handle errors. Programs find
the code in \`error.code\`, and the command line prints it before the message:

\`\`\`
recordpipe: not-found: no such file; check the path (data/train.tfrecord)
\`\`\`

Errors have three kinds. All errors of a kind have the same exit code, except *reader-timeout*, which
has its own:

| kind | exit code | meaning |
|---|--:|---|
| data | 1 | The data is invalid. Another attempt fails again. |
| usage | 2 | The call is invalid for any data. |
| environment | 3 | Something could not be read, written or continued. Another attempt may succeed. |`;

function overview() {
  const rows = Object.keys(ERROR_TEXTS)
    .sort()
    .map(
      (code) =>
        `| [${code}](#${code}) | ${kindOf(code)} | ${exitCodeOf(code)} | ${ERROR_TEXTS[code].meaning} |`,
    );
  return ['| code | kind | exit code | meaning |', '|---|---|--:|---|', ...rows].join('\n');
}

function entry(code) {
  const { meaning, cause, remedy } = ERROR_TEXTS[code];
  return `### ${code}

${meaning}

- **Cause:** ${cause}
- **Remedy:** ${remedy}
- **Kind:** ${kindOf(code)}, exit code ${exitCodeOf(code)}`;
}

function kindOf(code) {
  if (code === 'invalid-argument') return 'usage';
  return DATA_ERROR_CODES.has(code) ? 'data' : 'environment';
}
