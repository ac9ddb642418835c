import { describe, expect, test } from 'vitest';
import { jobPlace, runJob, startJob } from './job-place.ts';

const place = jobPlace();
const LINES = Array.from({ length: 100 }, (_, i) => `line ${i}`);

/**
 * A program that reads three lines of epoch 0 and is interrupted. It then reads the rest of the
 * epoch that its position names, and the next epoch.
 */
const SCRIPT = `cd "$SM_MODEL_DIR/../checkpoints"
  n=0
  trap 'echo "{\\"train\\": {\\"epoch\\": 0, \\"records\\": $n}}" > position.json; exit 1' TERM
  exec 3< "$SM_CHANNEL_TRAIN"_0
  if [ -e position.json ]; then
    while read -r line <&3; do echo "rest $line"; done
    cat "$SM_MODEL_DIR/../pipe_state/.train-pipe_mode-state"; echo
    read -r line < "$SM_CHANNEL_TRAIN"_1; echo "next $line"
    exit 0
  fi
  while [ $n -lt 3 ]; do read -r line <&3; echo "first $line"; n=$((n+1)); done
  while :; do sleep 0.05; done`;

function jobOf(resumeFile: string | undefined): Parameters<typeof runJob>[1] {
  const data = place.folder('lines', { 'a.txt': `${LINES.join('\n')}\n` });
  return {
    request: {
      channels: [{ name: 'train', uri: data, inputMode: 'Pipe' }],
      spot: true,
      maxRuntimeSeconds: 60,
      maxWaitSeconds: 120,
      checkpoint: { uri: place.folder(`checkpoints-${String(resumeFile)}`, {}) },
    },
    root: place.newRoot(),
    interruptAfterMs: 3000, // Time to start on a busy machine.
    privateRoot: false,
    resumeFile,
    data: { epochs: 2 },
  };
}

describe('an interrupted job with channels in Pipe mode', () => {
  test('continues at the position that its program stored', async () => {
    const result = await runJob(SCRIPT, jobOf('position.json'));
    expect(result).toMatchObject({ status: 'Completed', attempts: 2 });
    // The shell reports its signal.
    const lines = result.lines
      .map((line) => line.replace('algo-1 ', ''))
      .filter((line) => line !== 'Terminated');
    const first = lines.filter((line) => line.startsWith('first ')).length;
    expect(lines).toEqual([
      ...LINES.slice(0, first).map((line) => `first ${line}`),
      ...LINES.slice(first).map((line) => `rest ${line}`),
      '0',
      'next line 0',
    ]);
    expect(result.events).toContainEqual(
      expect.objectContaining({
        event: 'resumed',
        host: 'algo-1',
        channel: 'train',
        epoch: 0,
        records: first,
      }),
    );
  });

  test('starts again with the first record by default, as in SageMaker', async () => {
    const { lines } = await runJob(SCRIPT, jobOf(undefined));
    expect(lines).toContain('algo-1 rest line 0');
  });

  test('a position needs a folder of checkpoints', () => {
    const { request, ...more } = jobOf('position.json');
    const without = { ...request, checkpoint: undefined };
    expect(() => startJob('true', { ...more, request: without })).toThrow(/requires a folder of checkpoints/);
  });

  test('an invalid position ends the job', async () => {
    const job = jobOf('bad.json');
    place.folder('checkpoints-bad.json', { 'bad.json': '{"train": {}}' });
    const { status, reason } = await runJob(SCRIPT, job);
    expect(status).toBe('Failed');
    expect(reason).toMatch(/ClientError: expected a position per channel, .*; channel train has \{\}/);
  });
});
