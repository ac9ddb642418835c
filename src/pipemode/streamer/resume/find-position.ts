import { RecordpipeError } from '../../../errors.ts';
import { partBytes } from '../../../formats/recordio/layout.ts';
import { detectFormat } from '../../../formats/registry.ts';
import { statObject } from '../../../storage/inspect.ts';
import type { StreamChannel } from '../../job/stream-channel.ts';
import type { ChannelContent, EpochMaking, EpochOffset } from '../channel-content.ts';
import { type EpochPosition, epochStart, type RecordDivision } from './epoch-position.ts';
import { checkLast } from './last-record.ts';
import { type RecordBoundaries, recordBoundaries } from './record-boundaries.ts';
import type { ReaderPosition, ResumePoint } from './resume-points.ts';
import { fetchEpochFrom } from './resumed-epoch.ts';

/** A channel in which to find a position. */
export interface SearchedChannel {
  readonly channel: StreamChannel;
  readonly content: ChannelContent;
  readonly making: EpochMaking;
  /** Whether each line of an augmented manifest contributes a record for each attribute. */
  readonly isRegular: boolean;
}

/** A position, and how its epoch is divided into records. */
export interface FoundPosition {
  readonly position: EpochPosition;
  /** Undefined if the first bytes of the epoch determine it. */
  readonly division: RecordDivision | undefined;
}

/**
 * Finds where a channel resumes. Reads no data if the position is that of a checkpoint, or if the
 * sizes of objects determine it. Otherwise reads and drops the bytes from the nearest known
 * position.
 * @throws RecordpipeError `not-resumable` if the epoch has no such position, or if the record before
 *   it is not the record that the reader received; errors of reading
 */
export async function findPosition(searched: SearchedChannel, point: ResumePoint): Promise<FoundPosition> {
  const { reader, checkpoint } = point;
  const division = divisionOf(searched.channel);
  if (reader === undefined) {
    const {
      epoch,
      object,
      offset,
      bytes,
      records,
      division: known,
    } = checkpoint ?? { ...epochStart(0), division };
    return { position: { epoch, object, offset, bytes, records }, division: known ?? division };
  }
  const { epoch, records, bytes, lastRecord: last } = reader;
  if (records === 0) return { position: epochStart(epoch), division: reader.format ?? division };
  const isBefore =
    checkpoint?.epoch === epoch &&
    checkpoint.bytes <= (bytes ?? Number.POSITIVE_INFINITY) &&
    (checkpoint.records ?? Number.POSITIVE_INFINITY) <= records;
  const base: EpochPosition = isBefore ? checkpoint : epochStart(epoch);
  const known = reader.format ?? division ?? (isBefore ? (checkpoint.division ?? undefined) : undefined);
  const found =
    (await bySizes(searched, base, reader)) ??
    (await byRecords(searched, reader)) ??
    (await byReading(searched, base, known, { records, bytes }, reader.epoch));
  const position = {
    epoch,
    object: found.object,
    offset: found.offset,
    bytes: bytes ?? found.bytes,
    records,
  };
  const format = reader.format ?? (found.division === 'objects' ? undefined : found.division);
  if (last !== undefined && format !== undefined && !(await checkLast(searched, position, last, format))) {
    // The record may consist of several parts, whose sizes are not known.
    const again = await byReading(searched, epochStart(epoch), format, { records, bytes: undefined }, epoch);
    if (again.bytes !== bytes)
      throw notResumable(
        `record ${records - 1} of epoch ${epoch} is not the record that the reader received`,
      );
  }
  return { position, division: format ?? found.division };
}

interface Found extends EpochOffset {
  readonly bytes: number;
  readonly division: RecordDivision | undefined;
}

/** How the epochs of a channel are divided, if its options determine it. */
export function divisionOf({ recordWrapper, dataType }: StreamChannel): RecordDivision | undefined {
  if (recordWrapper === 'RecordIO') return 'recordio';
  return dataType === 'AugmentedManifestFile' ? 'objects' : undefined;
}

/** Finds the object that contains a byte from the sizes of objects. */
async function bySizes(
  { channel, content, making }: SearchedChannel,
  base: EpochPosition,
  { epoch, bytes }: ReaderPosition,
): Promise<Found | undefined> {
  if (bytes === undefined || !content.valueless || channel.compression !== 'None') return undefined;
  const { objects, signal, skipMissing } = making;
  if (skipMissing) return undefined;
  let at = base.bytes - base.offset;
  for await (const { object, place } of content.items(epoch, base.object)) {
    const { onEvent: _, ...access } = objects;
    const stored = object?.size ?? (await statObject(object?.uri ?? '', { ...access, signal })).size;
    const size = channel.recordWrapper === 'RecordIO' ? partBytes(stored) : stored;
    if (at + size >= bytes) return { object: place, offset: bytes - at, bytes, division: undefined };
    at += size;
  }
  throw notResumable(`epoch ${epoch} has ${at} bytes, but the reader read ${bytes}`);
}

/** Finds the object or line that contains a record if each contributes the same number of records. */
async function byRecords(searched: SearchedChannel, reader: ReaderPosition): Promise<Found | undefined> {
  const { channel, content, isRegular } = searched;
  const { epoch, records, bytes } = reader;
  if (channel.recordWrapper !== 'RecordIO' || !isRegular || bytes === undefined) return undefined;
  const perPlace = content.valueless ? 1 : channel.attributeNames.length;
  const object = Math.floor(records / perPlace);
  if (object > content.countHere || (object === content.countHere && records % perPlace > 0))
    throw tooFew(epoch, content.countHere * perPlace, records);
  const start = { ...epochStart(epoch), object };
  const within = { records: records % perPlace, bytes: undefined };
  const found = within.records === 0 ? start : await byReading(searched, start, 'recordio', within, epoch);
  return { object: found.object, offset: found.offset, bytes, division: 'recordio' };
}

/** Finds a position by reading the epoch from an earlier position. */
async function byReading(
  { content, making }: SearchedChannel,
  base: EpochPosition,
  known: RecordDivision | undefined,
  target: { readonly records: number; readonly bytes: number | undefined },
  epoch: number,
): Promise<Found> {
  let place = { object: base.object, at: base.bytes - base.offset };
  let pushed = base.bytes;
  let found: { readonly object: number; readonly at: number } | undefined;
  let end = target.bytes;
  const onPlace = (object: number): void => {
    if (object === place.object) return;
    // The position may be the end of the previous object.
    place = { object, at: pushed };
  };
  let division = known;
  let boundaries: RecordBoundaries | undefined;
  const source = fetchEpochFrom(content, epoch, { ...making, onPlace }, base);
  try {
    while (end === undefined || pushed < end) {
      const { done, value } = await source.chunks.next();
      if (done) break;
      if (value.length === 0) continue;
      if (end === undefined) {
        division ??= detectFormat(value.subarray(0, 512)).format ?? 'objects';
        boundaries ??= countable(division, base, target.records, epoch);
        boundaries.push(value);
        if (boundaries.done) end = boundaries.end;
      }
      pushed += value.length;
      found = place;
    }
  } finally {
    await source.cancel();
  }
  if (end === undefined) {
    boundaries?.finish();
    if (boundaries?.done !== true) throw tooFew(epoch, boundaries?.records ?? 0, target.records);
    end = boundaries.end;
  }
  // The last record of a RecordIO object may lack its padding.
  if (end - pushed > 3 || (target.bytes !== undefined && end > pushed))
    throw notResumable(`epoch ${epoch} has ${pushed} bytes, but the reader read ${end}`);
  end = Math.min(end, pushed);
  const { object, at } = found ?? place;
  return { object, offset: end - at, bytes: end, division };
}

function countable(
  division: RecordDivision,
  { bytes, records }: EpochPosition,
  limit: number,
  epoch: number,
): RecordBoundaries {
  if (division !== 'objects')
    return recordBoundaries(division, { start: { bytes, records: records ?? 0 }, limit });
  throw notResumable(
    `the records of epoch ${epoch} cannot be counted, because its format is unknown; add "format" to the position`,
  );
}

function tooFew(epoch: number, has: number, expected: number): RecordpipeError {
  return notResumable(`epoch ${epoch} has ${has} records, but the reader read ${expected}`);
}

function notResumable(what: string): RecordpipeError {
  return new RecordpipeError(
    'not-resumable',
    `${what}; the data or the options changed, so restart the epoch`,
  );
}
