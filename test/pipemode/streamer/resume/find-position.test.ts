import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findPosition } from '../../../../src/pipemode/streamer/resume/find-position.ts';
import { resumePoints } from '../../../../src/pipemode/streamer/resume/resume-points.ts';
import { randomRuns } from '../../../support/random-runs.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import {
  FORMATS,
  type Kind,
  lastRecord,
  makingOf,
  openChannel,
  recordChannel,
  restFrom,
} from './resumed-channel.ts';

const temp = tempDir();
let places = 0;

const kinds = fc.record<Kind>({
  format: fc.constantFrom(...FORMATS),
  dataType: fc.constantFrom('S3Prefix', 'ManifestFile', 'AugmentedManifestFile'),
  compression: fc.constantFrom('None', 'Gzip'),
  recordWrapper: fc.constantFrom('None', 'RecordIO'),
  shuffleSeed: fc.constantFrom(undefined, 5),
  share: fc.constantFrom(undefined, { rank: 1, hosts: 3 }),
});

/** An epoch of unwrapped attributes has no records that a reader could count. */
function hasRecords({ dataType, recordWrapper }: Kind): boolean {
  return dataType !== 'AugmentedManifestFile' || recordWrapper === 'RecordIO';
}

describe('the position of a reader', () => {
  test('the rest of an epoch starts exactly after the last record, in every kind of channel', async () => {
    await fc.assert(
      fc.asyncProperty(
        kinds.filter(hasRecords),
        fc.nat(2 ** 20),
        fc.constantFrom('state', 'records', 'format'),
        fc.nat(5),
        async (kind, at, given, epoch) => {
          const data = recordChannel(
            temp.file(`place-${places++}`),
            kind,
            { objects: 11, records: 9, maxBytes: 300 },
            at,
          );
          const { channel, format } = data;
          const content = await openChannel(channel, kind.share);
          const frames = data.frames(epoch);
          const records = at % (frames.length + 1);
          const before = Buffer.concat(frames.slice(0, records));
          const state = {
            version: 1,
            channel: 'train',
            recordFormat: format,
            epoch,
            recordsRead: records,
            bytesRead: before.length,
            lastRecord: records === 0 ? null : lastRecord(format, frames[records - 1]),
          };
          const positions = {
            state,
            records: { train: { epoch, records } },
            format: { train: { epoch, records, format } },
          };
          const point = resumePoints([positions[given as keyof typeof positions]], ['train']).get('train');
          const searched = { channel, content, making: makingOf(channel), isRegular: true };
          const { position } = await findPosition(searched, point ?? {});
          expect(position).toMatchObject({ epoch, records, bytes: before.length });
          const rest = await restFrom(content, channel, position);
          expect(Buffer.compare(rest, Buffer.concat(frames.slice(records)))).toBe(0);
          await content.close();
        },
      ),
      { numRuns: randomRuns(400) },
    );
  });
});
