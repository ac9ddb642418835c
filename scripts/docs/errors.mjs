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

Every failure caused by data, usage or the environment has one of these codes. New releases may add
codes but never rename them. [Errors and retrying](../errors.md) shows how to handle errors. In programs,
\`error.code\` contains the code. The command line prints the code before the message:

\`\`\`
recordpipe: not-found: no such file; check the path (data/train.tfrecord)
\`\`\`

Errors are of three kinds. The kind determines the exit code, except for *reader-timeout*, which has
exit code 4:

| kind | exit code | meaning |
|---|--:|---|
| data | 1 | The data is invalid. Retrying does not help. |
| usage | 2 | The call is invalid regardless of the data. |
| environment | 3 | The operation failed for a reason other than the data. A retry may succeed. |`;

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
