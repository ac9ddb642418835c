import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { StreamCheckpoint } from '../../../../src/pipemode/streamer/index.ts';
import { startCli } from '../../../support/cli.ts';
import { Random } from '../../../support/random.ts';
import { DOES_ALL_RUNS } from '../../../support/random-runs.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { exited } from '../interrupted.ts';
import { recordChannel } from './resumed-channel.ts';

const temp = tempDir();
const READER = fileURLToPath(new URL('resuming-reader.mjs', import.meta.url));
const EPOCHS = DOES_ALL_RUNS ? 20 : 2;
/** Number of kills after which a run is left alone. */
const KILLS = DOES_ALL_RUNS ? 60 : 1;
/** Time between two positions of a reader. A short run must not end before its only kill. */
const PAUSE_MS = DOES_ALL_RUNS ? 1 : 10;

interface Notes {
  readonly read: string[][];
  readonly position: object;
}

/** Collects the output of a process. */
function said(child: ChildProcess): { text: string } {
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output.text += chunk.toString();
    });
  return output;
}

const READERS = [
  ['PipeModeDataset, in a process of its own', 'dataset', false],
  ['a plain program, as the program of the streamer', 'lines', true],
  ['PipeModeDataset, as the program of the streamer', 'dataset', true],
] as const;

test.each(DOES_ALL_RUNS ? READERS : READERS.slice(0, 2))(
  '%s: each record is read exactly once per epoch, in order, whoever is killed',
  { timeout: 600_000 },
  async (_, mode, isSupervised) => {
    const folder = temp.file(`${mode}-${isSupervised}`);
    const format = mode === 'lines' ? ('textline' as const) : ('tfrecord' as const);
    const kind = { format, dataType: 'S3Prefix', compression: 'None', recordWrapper: 'None' } as const;
    const size = { objects: 12, records: 80, maxBytes: 2000 };
    const data = recordChannel(folder, { ...kind, shuffleSeed: 7, share: undefined }, size, 3);
    const [root, notes, position, checkpoint] = ['ml', 'notes.json', 'position.json', 'ck.json'].map((name) =>
      join(folder, name),
    );
    const start =
      mode === 'lines'
        ? { train: { epoch: 0, records: 0 } }
        : {
            channel: 'train',
            recordFormat: 'TFRecord',
            epoch: 0,
            recordsRead: 0,
            bytesRead: 0,
            lastRecord: null,
          };
    writeFileSync(notes, JSON.stringify({ read: [], position: start }));
    const reader = [READER, mode, root, notes, String(EPOCHS), String(PAUSE_MS)];
    const random = new Random(mode.length + Number(isSupervised));
    const kills = new Set<string>();
    let isDone = false;
    for (let run = 0; !isDone; run++) {
      expect(run).toBeLessThan(KILLS + 3);
      writeFileSync(position, JSON.stringify((JSON.parse(readFileSync(notes, 'utf8')) as Notes).position));
      const options = ['-c', `train=${data.input.uri}`, '--shuffle', '7', '--epochs', String(EPOCHS)];
      const resume = [
        '--resume',
        position,
        '--checkpoint',
        checkpoint,
        '--checkpoint-interval',
        '2ms',
        '--force',
      ];
      const program = isSupervised ? ['--', process.execPath, ...reader] : [];
      const streamer = startCli(['stream', ...options, ...resume, '--root', root, '-q', ...program]);
      // A dataset needs the configuration that the streamer writes.
      const config = join(root, 'input/config/inputdataconfig.json');
      if (!isSupervised) await expect.poll(() => existsSync(config)).toBe(true);
      const alone = isSupervised ? undefined : spawn(process.execPath, reader, { stdio: 'pipe' });
      // Its output closes when the program, which guards stop after a SIGKILL, has ended too.
      const ends = [streamer, ...(alone ? [alone] : [])].map((child) => once(child, 'close'));
      const output = said(alone ?? streamer);
      const ended = Promise.all(ends);
      let hasEnded = false;
      void ended.then(() => {
        hasEnded = true;
      });
      await expect.poll(() => hasEnded || /reading|done/.test(output.text)).toBe(true);
      if (run < KILLS) {
        await sleep(random.below(150));
        const victim = alone !== undefined && random.below(2) === 0 ? alone : streamer;
        const name = random.pick(['SIGKILL', 'SIGTERM', 'SIGINT'] as const);
        if (!hasEnded) kills.add(`${victim === streamer ? 'streamer' : 'reader'} ${name}`);
        victim.kill(name);
        // A reader whose pipe ends fails by itself. One that waits for its next pipe does not.
        if (alone !== undefined && victim === streamer) await Promise.race([exitOf(alone), sleep(300)]);
        alone?.kill('SIGKILL');
        streamer.kill('SIGTERM');
      }
      await ended;
      isDone = output.text.endsWith('done\n');
      if (run >= KILLS && !isDone) throw new Error(output.text);
      if (existsSync(checkpoint)) {
        const { channels } = JSON.parse(readFileSync(checkpoint, 'utf8')) as StreamCheckpoint;
        expect(JSON.stringify(channels['train']).length).toBeLessThan(1024);
      }
    }
    const { read } = JSON.parse(readFileSync(notes, 'utf8')) as Notes;
    const header = format === 'tfrecord' ? 12 : 0;
    const nameOf = (frame: Uint8Array): string =>
      /^\d+\/\d+/.exec(Buffer.from(frame.subarray(header)).toString('latin1'))?.[0] ?? '';
    const expected = Array.from({ length: EPOCHS }, (_, epoch) => data.frames(epoch).map(nameOf));
    expect(read).toEqual(expected);
    expect(kills.size).toBeGreaterThan(0);
  },
);

function exitOf(child: ChildProcess): Promise<unknown> {
  return child.exitCode === null && child.signalCode === null ? exited(child) : Promise.resolve();
}
