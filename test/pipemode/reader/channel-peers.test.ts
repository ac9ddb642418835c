import { mkdirSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { PipeModeDataset } from '../../../src/pipemode/index.ts';
import { DOES_ALL_RUNS } from '../../support/random-runs.ts';
import { type ChannelPlace, channelPlace, ended, makePipes, start } from './channel-place.ts';
import { compile, missingProgram, program } from './programs.ts';

const RECORDS = 300;
const EPOCHS = DOES_ALL_RUNS ? 6 : 4;

/** The epoch that channel-peer.* writes, in hexadecimal digits. */
function epochRecords(epoch: number): string[] {
  return Array.from({ length: RECORDS }, (_, i) => {
    const bytes = Uint8Array.from({ length: (37 * i + epoch) % 1000 }, (_, j) => epoch + i + j);
    return Buffer.from(bytes).toString('hex');
  });
}

/** Records, by the epoch in which they were read. */
type Read = [epoch: number, records: string[]][];

/** A program for a channel in another language. */
interface Peer {
  write(place: ChannelPlace, epoch: number): ReturnType<typeof start>;
  read(place: ChannelPlace, epochs: number): Promise<Read>;
}

function peer(command: () => string[]): Peer {
  const run = (...args: string[]): ReturnType<typeof start> => {
    const [name, ...before] = command();
    return start(name, ...before, ...args);
  };
  return {
    write: (place, epoch) => run('write', place.pipe(epoch), String(epoch), String(RECORDS)),
    async read(place, epochs) {
      const child = run('read', place.root, String(epochs));
      const [said, code] = await Promise.all([text(child.stdout!), ended(child)]);
      expect(code).toBe(0);
      const read: Read = [];
      for (const line of said.split('\n').slice(0, -1)) {
        const [what, value] = line.split(' ');
        if (what === 'epoch') read.push([Number(value), []]);
        else read.at(-1)?.[1].push(value);
      }
      return read;
    },
  };
}

const PEERS: readonly { name: string; needs: string; peer: Peer }[] = [
  { name: 'Python', needs: 'python3', peer: peer(() => ['python3', program('channel-peer.py')]) },
  { name: 'C', needs: 'cc', peer: peer(() => [compile('channel-peer.c')]) },
];

async function ours(dataset: PipeModeDataset): Promise<Read> {
  const records = await dataset.map((record) => Buffer.from(record).toString('hex')).toArray();
  return [[dataset.metrics()?.epoch ?? -1, records]];
}

function placeWithPipes(epochs: number): ChannelPlace {
  const place = channelPlace();
  mkdirSync(place.stateDir);
  makePipes(...Array.from({ length: epochs }, (_, epoch) => place.pipe(epoch)));
  return place;
}

for (const { name, needs, peer } of PEERS) {
  describe.skipIf(missingProgram(needs))(`a ${name} process`, () => {
    test.each([
      ['ours first', 0],
      ['it first', 1],
    ])('writes every epoch, and reads every other one: %s', async (_, first) => {
      const place = placeWithPipes(EPOCHS);
      const dataset = new PipeModeDataset('train', place.dirs);
      const faithful = new PipeModeDataset('train', { ...place.dirs, compat: 'sagemaker' });
      for (let epoch = 0; epoch < EPOCHS; epoch++) {
        const writer = peer.write(place, epoch);
        const turn = epoch + first;
        const mine = turn % 4 === 0 ? dataset : faithful;
        const read = turn % 2 === 0 ? await ours(mine) : await peer.read(place, 1);
        expect(read).toEqual([[epoch, epochRecords(epoch)]]);
        expect(await ended(writer)).toBe(0);
        expect(place.state()).toBe(String(epoch + 1));
      }
    });

    test('shares a channel with recordpipe: each epoch goes completely to one reader', async () => {
      const epochs = 2 * EPOCHS;
      const place = placeWithPipes(epochs);
      const writers = Array.from({ length: epochs }, (_, epoch) => peer.write(place, epoch));
      const dataset = new PipeModeDataset('train', place.dirs);
      const theirs = peer.read(place, epochs / 2);
      const mine: Read = [];
      for (let i = 0; i < epochs / 2; i++) mine.push(...(await ours(dataset)));
      const all = [...mine, ...(await theirs)].sort(([a], [b]) => a - b);
      expect(all).toEqual(Array.from({ length: epochs }, (_, epoch) => [epoch, epochRecords(epoch)]));
      expect(await Promise.all(writers.map(ended))).toEqual(writers.map(() => 0));
      expect(place.state()).toBe(String(epochs));
    });
  });
}
