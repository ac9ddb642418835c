import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { TrainingProgram } from '../../../src/pipemode/streamer/index.ts';
import { OutputLines } from '../../../src/pipemode/streamer/program-output.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();

/** Passes text in pieces of `size` bytes. @returns the lines */
function linesOf(text: string | Uint8Array, size: number, updateMs = 1e9): string[] {
  const lines = new OutputLines(updateMs);
  const bytes = Buffer.from(text as string);
  const found: string[] = [];
  for (let at = 0; at < bytes.length; at += size) found.push(...lines.push(bytes.subarray(at, at + size)));
  return [...found, ...lines.end()];
}

describe('lines of output', () => {
  test.each([
    ['a\nb\n', ['a', 'b']],
    ['a\n\nb', ['a', '', 'b']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['', []],
    ['\n', ['']],
    ['größe 😀\n✓', ['größe 😀', '✓']],
    // The first update of a progress bar is shown at once, and the last one is its line.
    ['0 %\r50 %\r100 %\nend\n', ['0 %', '100 %', 'end']],
    ['0 %\r50 %\r100 %\r\nend\n', ['0 %', '100 %', 'end']],
    ['0 %\r50 %\r', ['0 %', '50 %']],
    ['0 %\r50 %\r    \rend\n', ['0 %', 'end']],
    ['0 %\r50 %\r    \r\nend\n', ['0 %', '50 %', 'end']],
    ['0 %\r\b\b\b\b\r50 %\n', ['0 %', '50 %']],
  ])('%j', (text, expected) => {
    for (const size of [1, 2, 3, 1000]) expect(linesOf(text, size)).toEqual(expected);
  });

  test('every update is a line if enough time has passed', () => {
    expect(linesOf('0 %\r50 %\r100 %\r\n', 1, 0)).toEqual(['0 %', '50 %', '100 %']);
  });

  test('a line without an end is delivered in pieces, and no character is split', () => {
    const text = `a${'😀'.repeat(100_000)}`;
    const lines = linesOf(text, 1000);
    expect(lines.join('')).toBe(text);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(65_536);
    expect(lines.every((line) => !/[\uD800-\uDFFF]/u.test(line))).toBe(true);
  });

  test('bytes that are not UTF-8 are replaced', () => {
    expect(linesOf(Buffer.from([0x61, 0xff, 0x0a]), 1)).toEqual(['a\ufffd']);
  });
});

/** Runs a shell script. @returns its lines, as stream and text */
async function run(
  script: string,
  onLine: (line: string) => void | Promise<void> = () => {},
): Promise<{ program: TrainingProgram; lines: string[]; exitCode: number }> {
  const lines: string[] = [];
  const program = new TrainingProgram(
    ['sh', '-c', script],
    {},
    {
      graceMs: 1000,
      stdio: 'lines',
      cwd: temp.path,
      onLine: (line, stream) => {
        lines.push(`${stream} ${line}`);
        return onLine(line);
      },
    },
  );
  return { program, lines, exitCode: await program.ended };
}

describe('a program whose output is delivered in lines', () => {
  test('both streams, the working directory, an empty input and the exit code', async () => {
    const { lines, exitCode, program } = await run('pwd; cat; echo two >&2; printf three; exit 5');
    await program.stop();
    expect(exitCode).toBe(5);
    expect(lines.toSorted()).toEqual(['stderr two', `stdout ${temp.path}`, 'stdout three']);
  });

  test('all output before the exit is delivered when the program has ended', async () => {
    const { lines, exitCode, program } = await run('seq 1 200000');
    expect([exitCode, lines.length, lines.at(-1)]).toEqual([0, 200_000, 'stdout 200000']);
    await program.stop();
  });

  test('lines are delivered as they are written', async () => {
    const path = temp.file('seen');
    const script = `echo one; until [ -e '${path}' ]; do sleep 0.02; done; echo two`;
    const { lines, program } = await run(script, () => void temp.file('seen', Buffer.from('')));
    expect(lines).toEqual(['stdout one', 'stdout two']);
    await program.stop();
  });

  test('a process that keeps the output open does not delay the end', async () => {
    const { lines, exitCode, program } = await run('exec 3>&1; echo early; sleep 600 & printf half; exit 3');
    expect(exitCode).toBe(3);
    await program.stop();
    expect(lines).toEqual(['stdout early', 'stdout half']);
  });

  test('a slow receiver slows down the program, and loses nothing', async () => {
    const done = temp.file('done');
    const waiting: (() => void)[] = [];
    const program = run(
      `seq 1 60000; echo > '${done}'`,
      () => new Promise<void>((resolve) => void waiting.push(resolve)),
    );
    await sleep(200);
    expect(existsSync(done)).toBe(false);
    const timer = setInterval(() => {
      for (const resolve of waiting.splice(0)) resolve();
    }, 0);
    const { lines } = await program;
    clearInterval(timer);
    expect(lines.length).toBe(60_000);
  });

  test('a program that ignores SIGTERM is killed even if this process is busy during the grace period', async () => {
    const lines: string[] = [];
    const program = new TrainingProgram(
      ['sh', '-c', "trap '' TERM; echo up; while :; do sleep 0.05; done"],
      {},
      { graceMs: 400, stdio: 'lines', onLine: (line) => void lines.push(line) },
    );
    await expect.poll(() => lines).toEqual(['up']);
    const stopping = program.stop();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
    await stopping;
    expect([await program.ended, program.killed]).toEqual([137, true]);
  });

  test('a receiver that never continues does not prevent a stop', async () => {
    const program = new TrainingProgram(
      ['sh', '-c', 'echo one; seq 1 100000; sleep 60'],
      {},
      { graceMs: 100, stdio: 'lines', onLine: () => new Promise(() => {}) },
    );
    await sleep(50);
    await program.stop();
    expect(await program.ended).not.toBe(0);
  });
});
