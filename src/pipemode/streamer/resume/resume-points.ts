import { RecordpipeError } from '../../../errors.ts';
import { FORMAT_NAMES, type FormatName } from '../../../formats/names/index.ts';
import { type JsonObject, readSmallFile, withFileErrors } from '../../job/config-file.ts';
import {
  type ChannelCheckpoint,
  isChannelCheckpoint,
  isCount,
  isStreamCheckpoint,
  isUnchanged,
} from './stream-checkpoint.ts';

/** The position of a reader in an epoch, as a training program may write it. */
export interface ReaderPosition {
  /** Index of the epoch. */
  readonly epoch: number;
  /** Number of records of the epoch that the program has processed. */
  readonly records: number;
  /** Format of the records. Detected if undefined. */
  readonly format?: FormatName | undefined;
  /** Number of bytes of these records in the pipe. Found by reading the epoch if undefined. */
  readonly bytes?: number | undefined;
  /** Size and checksum of the last of these records. */
  readonly lastRecord?: { readonly bytes: number; readonly crc32c: number } | undefined;
}

/** Where a channel resumes. The reader's position is exact and takes precedence. */
export interface ResumePoint {
  readonly reader?: ReaderPosition | undefined;
  readonly checkpoint?: ChannelCheckpoint | undefined;
}

/** Next step if positions are damaged. */
const WITHOUT = 'restore a copy of the file, or restart the epoch without the file';

/** Returns the epoch at which a channel resumes. */
export function resumedEpoch({ reader, checkpoint }: ResumePoint): number | undefined {
  return reader?.epoch ?? checkpoint?.epoch;
}

/**
 * Collects where channels resume from parsed JSON: a checkpoint of a streamer, a state of a
 * `PipeModeDataset` or of a dataset derived from it, or an object that maps channels to `{ epoch, records }` or to such states.
 * @param names names of the values in errors
 * @throws RecordpipeError `malformed-state`, `not-resumable` for a channel that does not exist
 */
export function resumePoints(
  values: readonly unknown[],
  channels: readonly string[],
  names: readonly (string | undefined)[] = [],
): Map<string, ResumePoint> {
  const points = new Map<string, ResumePoint>();
  for (const [i, value] of values.entries()) {
    for (const [channel, found] of Object.entries(pointsIn(value, names[i]))) {
      if (!channels.includes(channel)) {
        const what = `the state has channel ${channel}, but only ${channels.join(', ')} ${channels.length === 1 ? 'is' : 'are'} streamed`;
        throw new RecordpipeError('not-resumable', what, { uri: names[i] });
      }
      const { reader, checkpoint } = points.get(channel) ?? {};
      const isTwice = (found.reader && reader) || (found.checkpoint && checkpoint);
      if (isTwice) throw malformed(`channel ${channel} has two positions; remove one`, names[i]);
      points.set(channel, { reader: found.reader ?? reader, checkpoint: found.checkpoint ?? checkpoint });
    }
  }
  return points;
}

/**
 * Reads and checks a file with positions for the option `resume` of a streamer.
 * @throws RecordpipeError `malformed-state` if the file does not contain positions; `not-resumable`
 *   if its reader decompressed the pipe; `not-found`, `access-denied`, `io-failure`
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { readResumeFile } from 'recordpipe/pipemode/streamer';
 * writeFileSync('position.json', '{"train": {"epoch": 3, "records": 12345}}');
 * console.log(readResumeFile('position.json')); // { train: { epoch: 3, records: 12345 } }
 * ```
 */
export function readResumeFile(path: string): unknown {
  const text = withFileErrors(path, () => readSmallFile(path));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw malformed(`not JSON: ${(error as Error).message}; ${WITHOUT}`, path);
  }
  // The streamer does not know the file, so its errors could not name it.
  pointsIn(value, path);
  return value;
}

function pointsIn(value: unknown, uri: string | undefined): Record<string, ResumePoint> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(`expected a JSON object; ${WITHOUT}`, uri);
  if (isStreamCheckpoint(value)) {
    if (value.version !== 1)
      throw malformed(
        `the checkpoint has version ${String(value.version)}, expected 1; update recordpipe`,
        uri,
      );
    const { channels } = value;
    if (typeof channels !== 'object' || channels === null || Object.keys(channels).length === 0)
      throw malformed(`the checkpoint has no channels; ${WITHOUT}`, uri);
    if (!isUnchanged(value))
      throw malformed(`the checksum of the checkpoint does not match; ${WITHOUT}`, uri);
    return eachChannel(channels, (channel, checkpoint) => {
      if (isChannelCheckpoint(checkpoint)) return { checkpoint };
      throw malformed(`channel ${channel} of the checkpoint is incomplete; ${WITHOUT}`, uri);
    });
  }
  if (isPipeModeState(value))
    return { [value.channel]: { reader: readerPosition(value.channel, value, uri) } };
  if (isDatasetState(value)) return pointsOfDataset(value.position, uri);
  return eachChannel(value, (channel, position) => {
    if (isDatasetState(position)) {
      const point = pointsOfDataset(position.position, uri)[channel];
      if (point !== undefined) return point;
      throw malformed(`the state of the dataset has no position in channel ${channel}`, uri);
    }
    return { reader: readerPosition(channel, position as JsonObject, uri) };
  });
}

/** Returns the positions of channels within the state of a dataset with operators. */
function pointsOfDataset(position: unknown, uri: string | undefined): Record<string, ResumePoint> {
  const points: Record<string, ResumePoint> = {};
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (!isPipeModeState(value)) {
      for (const inner of Object.values(value)) visit(inner);
      return;
    }
    const { channel } = value;
    if (Object.hasOwn(points, channel)) throw malformed(`channel ${channel} has two positions`, uri);
    points[channel] = { reader: readerPosition(channel, value, uri) };
  };
  visit(position);
  if (Object.keys(points).length > 0) return points;
  throw malformed('the state of the dataset has no position in a channel, so restart the epoch', uri);
}

function isPipeModeState(value: object): value is JsonObject & { readonly channel: string } {
  return 'channel' in value && typeof value.channel === 'string' && 'recordsRead' in value;
}

function isDatasetState(value: unknown): value is { readonly position: unknown } {
  return typeof value === 'object' && value !== null && 'operators' in value && 'position' in value;
}

function eachChannel(
  channels: object,
  pointOf: (channel: string, value: unknown) => ResumePoint,
): Record<string, ResumePoint> {
  return Object.fromEntries(
    Object.entries(channels).map(([channel, value]) => [channel, pointOf(channel, value)]),
  );
}

/** Returns a position from `{ epoch, records }` or from the state of a `PipeModeDataset`. */
function readerPosition(channel: string, value: JsonObject, uri: string | undefined): ReaderPosition {
  const given = typeof value === 'object' && value !== null ? value : {};
  const { epoch, records = given['recordsRead'], bytes = given['bytesRead'], lastRecord } = given;
  const { format = given['recordFormat'], compression, version = 1 } = given;
  const invalid = (what: string): RecordpipeError => malformed(`channel ${channel}: ${what}`, uri);
  if (version !== 1) throw invalid(`the state has version ${String(version)}, expected 1`);
  if (!isCount(epoch) || !isCount(records))
    throw malformed(
      `expected a position per channel, such as {"train": {"epoch": 0, "records": 0}} with integers >= 0, or a state of PipeModeDataset; channel ${channel} has ${String(JSON.stringify(value)).slice(0, 100)}`,
      uri,
    );
  const name = FORMAT_NAMES.find((one) => one === String(format).toLowerCase());
  if (format !== undefined && name === undefined)
    throw invalid(`format: expected one of ${FORMAT_NAMES.join(', ')}, got ${String(format)}`);
  if (bytes !== undefined && !isCount(bytes)) throw invalid('bytes: expected an integer >= 0');
  if (compression !== undefined && compression !== 'none')
    throw new RecordpipeError(
      'not-resumable',
      `channel ${channel}: the reader decompressed the pipe itself, so the position of the reader is not a position in the pipe; decompress in the streamer instead (CompressionType Gzip)`,
      { uri },
    );
  const last = (lastRecord ?? undefined) as ReaderPosition['lastRecord'];
  if (last !== undefined && !(isCount(last.bytes) && isCount(last.crc32c)))
    throw invalid('lastRecord: expected { bytes, crc32c }, or null');
  return { epoch, records, bytes, format: name, lastRecord: last };
}

function malformed(what: string, uri: string | undefined): RecordpipeError {
  return new RecordpipeError('malformed-state', what, { uri });
}
