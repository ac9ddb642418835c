import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A section of the guide "SageMaker on your laptop". */
export interface GuideSection {
  readonly title: string;
  /** Programs by file name, which the first line of their code states in a comment. */
  readonly files: Readonly<Record<string, string>>;
  /** Commands of its shell examples, one per line. */
  readonly commands: readonly string[];
}

/** The sections of the guide that have commands. */
export function guideSections(): GuideSection[] {
  const path = new URL('../../docs/sagemaker-on-your-laptop.md', import.meta.url);
  const sections = readFileSync(fileURLToPath(path), 'utf8').split(/^## /m).slice(1);
  return sections
    .map((text) => ({
      title: text.split('\n', 1)[0],
      files: Object.fromEntries(
        blocks(text, 'js|python').map((code) => [/^(?:\/\/|#) (\S+)\n/.exec(code)?.[1] ?? '', code]),
      ),
      commands: blocks(text, 'sh').flatMap((code) => code.trimEnd().split('\n')),
    }))
    .filter(({ commands }) => commands.length > 0);
}

function blocks(text: string, languages: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`(?:${languages})\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, code]) => code,
  );
}
