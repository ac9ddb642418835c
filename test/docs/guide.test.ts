import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { guideSections } from './guide.ts';
import { samplePlace, writeSampleData } from './sample-place.ts';

const place = samplePlace();
writeSampleData(place);
afterAll(() => place.remove());

/** The section whose Python program needs no packages. */
const SPOT = 'Spot interruptions: resume Pipe mode';
const isPython = (files: Readonly<Record<string, string>>): boolean =>
  Object.keys(files).some((name) => name.endsWith('.py'));
// test/counterparts runs the sections with Python programs.
const [section, ...more] = guideSections().filter(({ files }) => !isPython(files));

test('one section needs only Node', () => expect(more).toEqual([]));

test('the commands of the section for any program do what it says', async () => {
  const [name] = Object.keys(section.files);
  const folder = dirname(place.write(name, section.files[name]));
  const outputs: string[] = [];
  for (const command of section.commands) {
    const { stdout, stderr, status } = await place.start('bash', ['-c', command]);
    expect({ command, status, stderr: status === 0 ? '' : stderr }).toEqual({
      command,
      status: 0,
      stderr: '',
    });
    outputs.push(stdout);
  }
  expect(outputs[0]).toBe('records: 40; hyperparameters: {"lr":0.1}\n');
  expect(readFileSync(join(folder, 'ml/model/count.txt'), 'utf8')).toBe('40');
  expect(outputs[1]).toMatch(/program +node count\.mjs --lr 0\.1/);
  expect(JSON.parse(outputs[2])).toMatchObject({ hosts: [{ name: 'algo-1' }, { name: 'algo-2' }] });
  const counts = [...outputs[3].matchAll(/^algo-\d {2}\| records: (\d+)/gm)].map(([, count]) =>
    Number(count),
  );
  expect([counts.length, counts[0] + counts[1]]).toEqual([2, 40]);
  expect(existsSync(join(folder, 'ml-2/algo-2/model/count.txt'))).toBe(true);
});

test('an interrupted program continues in its Pipe channel', async () => {
  const spot = guideSections().find(({ title }) => title === SPOT);
  if (spot === undefined) throw new Error(`the guide has no section ${SPOT}`);
  for (const [name, code] of Object.entries(spot.files)) place.write(name, code);
  place.write('lines.txt', Array.from({ length: 400 }, (_, i) => `line ${i}\n`).join(''));
  const command = spot.commands[0].replace(' -- ', ' --root ml-spot -- ');
  const { stdout, stderr, status } = await place.start('bash', ['-c', command]);
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  expect(stderr).toMatch(/: Completed/);
  expect(stdout).toMatch(/^(resumed in epoch \d after \d+ records\n)?epoch 0 had 400 records\n/);
  expect(stdout).toMatch(/epoch 1 had 400 records\n$/);
  expect(stdout.match(/^epoch \d had \d+ records$/gm)).toHaveLength(2);
});
