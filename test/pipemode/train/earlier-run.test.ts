import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkEarlierRun, failureText } from '../../../src/pipemode/train/earlier-run.ts';
import { tempDir } from '../../support/temp-dir.ts';

const dir = tempDir();

function places(files: Record<string, string | Uint8Array>): { modelDir: string; outputDir: string } {
  const root = mkdtempSync(join(dir.path, 'root-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return { modelDir: join(root, 'model'), outputDir: join(root, 'output') };
}

describe('the failure file', () => {
  const shown = (text: string | Uint8Array) => failureText(places({ 'output/failure': text }).outputDir);

  test('is shown without control characters, up to 1,024 characters', () => {
    expect(shown('\nValueError: x\n\tat line 1\r\nend\n\n')).toBe('ValueError: x\n\tat line 1\nend');
    expect(shown('\u001b[2Jwiped\u202e')).toBe('\\u001b[2Jwiped\\u202e');
    expect(shown('😀'.repeat(2000))).toBe(`${'😀'.repeat(1024)}…`);
    expect(shown('x'.repeat(1024))).toBe('x'.repeat(1024));
    expect(shown(Uint8Array.of(0xff, 0x41))).toBe('\ufffdA');
  });

  test('that is missing, empty or a folder is not shown', () => {
    expect(failureText(places({}).outputDir)).toBeUndefined();
    expect(shown(' \n')).toBeUndefined();
    expect(failureText(places({ 'output/failure/x': '' }).outputDir)).toBeUndefined();
  });
});

describe('results of an earlier run', () => {
  test.each(['model/m.bin', 'model/a/b', 'output/data/plot.png', 'output/failure', 'output/success'])(
    '%s is rejected with a next step, and removed with clear',
    (name) => {
      const given = places({ [name]: 'old', 'output/other': 'kept', 'input/data/x': 'kept' });
      expect(() => checkEarlierRun(given, { clear: false })).toThrow(
        /results of an earlier run exist: .*; move them if you need them, or pass --force to remove them/,
      );
      expect(existsSync(join(given.modelDir, '..', name))).toBe(true);
      checkEarlierRun(given, { clear: true });
      checkEarlierRun(given, { clear: false });
      expect(existsSync(join(given.modelDir, '..', name))).toBe(false);
      expect(readdirSync(given.outputDir)).toContain('other');
    },
  );

  test('empty and missing folders do not count as results', () => {
    checkEarlierRun(places({}), { clear: false });
    const given = places({ 'output/data/x': '' });
    checkEarlierRun(given, { clear: true });
    mkdirSync(given.modelDir);
    checkEarlierRun(given, { clear: false });
  });
});
