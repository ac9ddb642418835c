import { RecordpipeError } from '../errors.ts';
import { type FileToRead, filesInTurn } from '../records/files-in-turn.ts';
import type { RecordReadOptions } from '../records/read-options.ts';
import { type OpenedRecords, openOne } from '../records/read-records.ts';
import type { Batches } from '../records/record-reader.ts';
import { type FileNames, filesNamed } from './file-names.ts';
import { hash } from './operator.ts';
import type { RecordSource } from './places.ts';
import { isCount, isList, malformedPosition, type Position } from './position.ts';

/**
 * Options for reading the records of files, like those of `readRecords`. Records of a dataset stay
 * valid as long as they are referenced.
 */
export type DatasetRecordOptions = Partial<Omit<RecordReadOptions, 'reuse' | 'signal' | 'uri'>>;

/** Properties of a file that change if its contents do. */
interface FileIdentity {
  /** Size in bytes; -1 if the source has no size, such as a pipe. */
  readonly size: number;
  /**
   * A number of six digits for the last part of the path (folders differ between machines) and the
   * ETag of an object. It is short because `interleave` stores one per slot.
   */
  readonly id: number;
}

/**
 * Reads the records of files, one file after another.
 *
 * A position is `[file, record, offset, size, id]`: the number of the file, the number and
 * the offset of the last record that was delivered, and the identity of the file. The record is
 * read again and dropped, because the offset of the next one may not be known yet.
 */
export class FilesReading {
  readonly from: Position;
  /** Source of the last batch, for errors. */
  place: RecordSource;
  readonly #names: FileNames;
  readonly #options: DatasetRecordOptions;
  /** The current file. */
  #file = -1;
  #identity: FileIdentity | undefined;

  /** @throws RecordpipeError `malformed-state` */
  constructor(names: FileNames, options: DatasetRecordOptions, from: Position) {
    this.#names = names;
    this.#options = options;
    this.from = from;
    if (from !== null && !(isList(from, 5) && from.every(Number.isSafeInteger) && isCount(from[0])))
      throw malformedPosition('records');
  }

  /** Returns the position after a record of the current file. */
  position(record: number, offset: number): Position {
    const { size, id } = this.#identity!;
    return [this.#file, record, offset, size, id];
  }

  /** Yields the batches of records, starting with the last record before the position. */
  async *batches(signal: AbortSignal): Batches {
    const options = { ...this.#options, signal };
    const [file, record, offset, size, id] = (this.from ?? [0, 0, 0, 0, 0]) as number[];
    const stored: FileIdentity = { size, id };
    let number = file;
    for await (const source of filesInTurn((ended) => this.#files(file, ended), options)) {
      const resumes = this.from !== null && number === file;
      const start = resumes ? { record, offset } : options.start;
      const opened = await openOne(source, { ...options, start });
      const found = identityOf(opened);
      if (resumes && !isSame(found, stored)) {
        await opened.batches.return();
        throw otherFile(opened.uri, number, found, stored);
      }
      const place = { uri: opened.uri, compressed: opened.compression !== 'none' };
      for await (const batch of opened.batches) {
        this.#file = number;
        this.#identity = found;
        this.place = place;
        yield batch;
      }
      number++;
    }
  }

  /** Yields the files from number `first` on. */
  async *#files(first: number, signal: AbortSignal): AsyncGenerator<FileToRead, void, undefined> {
    let number = 0;
    for await (const file of filesNamed(this.#names, { ...this.#options, signal })) {
      if (number >= first) yield number === first && this.from !== null ? { ...file, alone: true } : file;
      number++;
    }
    if (this.from !== null && number <= first) throw tooFewFiles(first, number);
  }
}

function identityOf({ uri, size, etag }: OpenedRecords): FileIdentity {
  const bytes = size?.() ?? -1;
  const name = String(uri).replace(/^.*[/\\]/, '');
  return { size: Number.isFinite(bytes) ? bytes : -1, id: hash(`${name} ${etag?.()}`) % 1e6 };
}

function isSame(a: FileIdentity, b: FileIdentity): boolean {
  return a.size === b.size && a.id === b.id;
}

function otherFile(
  uri: string | undefined,
  file: number,
  found: FileIdentity,
  stored: FileIdentity,
): RecordpipeError {
  const difference =
    found.size === stored.size
      ? 'has a different name or ETag'
      : `has ${found.size} bytes instead of ${stored.size}`;
  return new RecordpipeError(
    'not-resumable',
    `file ${file} differs from the file of the state: it ${difference}; restore the files, or restart the epoch`,
    { uri },
  );
}

function tooFewFiles(file: number, found: number): RecordpipeError {
  return new RecordpipeError(
    'not-resumable',
    `the state is in file ${file}, but there are only ${found} files; restore the files, or restart the epoch`,
  );
}
