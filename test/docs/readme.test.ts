import { expect, test } from 'vitest';
import { describePage } from './describe-page.ts';
import { allPages, matchesOutput, parsePage } from './page.ts';

describePage(allPages().find(({ name }) => name === 'README.md')!);

test('blocks, outputs, files and reasons of a page are found', () => {
  const text = [
    '<!-- s3 -->',
    '```sh\ncount\n```\n\nIt prints:\n\n```text\n3 …\n…\nend\n```',
    '<!-- not run: needs TensorFlow -->\n```python\n# train.py\nfit()\n```',
    '```json\n{}\n```',
  ].join('\n\n');
  const page = parsePage('page.md', text);
  expect(page).toMatchObject({ s3: true, sampleData: false });
  expect(page.blocks.map(({ language, file, notRun, output }) => [language, file, notRun, output])).toEqual([
    ['sh', undefined, undefined, '3 …\n…\nend'],
    ['python', 'train.py', 'needs TensorFlow', undefined],
    ['json', undefined, undefined, undefined],
  ]);
  expect(matchesOutput('3 files\na\nb\nend\n', page.blocks[0].output!)).toBe(true);
  expect(matchesOutput('3 files\nend', page.blocks[0].output!)).toBe(true);
  expect(matchesOutput('ok in 0.13 s (1.05 KiB/s)\n', 'ok in 34 ms')).toBe(true);
  expect(matchesOutput('4 files\nend', page.blocks[0].output!)).toBe(false);
});
