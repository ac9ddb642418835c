import type { ErrorCode } from './errors.ts';

// The texts of docs/reference/errors.md. No program loads them. `npm run docs:generate` updates the page.

/** Sections of the error reference, in its order. */
export const ERROR_SECTIONS: Readonly<Record<ErrorSection, string>> = {
  records: 'Record files',
  compression: 'Compressed files',
  contents: 'Contents of records, and tables',
  indexes: 'Indexes',
  files: 'Files and objects',
  shards: 'Shards, plans and reports',
  pipemode: 'SageMaker: manifests, channels and pipes',
  program: 'The calling program',
};

/** A section of the error reference. */
export type ErrorSection =
  | 'records'
  | 'compression'
  | 'contents'
  | 'indexes'
  | 'files'
  | 'shards'
  | 'pipemode'
  | 'program';

/** What the error reference says about a code. */
export interface ErrorText {
  readonly section: ErrorSection;
  /** What is wrong, as a sentence. */
  readonly meaning: string;
  /** The usual causes. */
  readonly cause: string;
  /** What to do. Names options of the command line, and of the library if they differ. */
  readonly remedy: string;
}

/** Describes every code. */
export const ERROR_TEXTS: Readonly<Record<ErrorCode, ErrorText>> = {
  'length-checksum': {
    section: 'records',
    meaning: 'The length of a TFRecord does not match its checksum.',
    cause:
      'The file was damaged by a disk or a copy, an edit shifted its bytes, or the file is not a TFRecord file.',
    remedy:
      'Copy or download the file again, or regenerate it. To save the valid records, run `recordpipe repair`. In programs, `recover` skips the damage.',
  },
  'data-checksum': {
    section: 'records',
    meaning: 'The payload of a TFRecord does not match its checksum.',
    cause: 'A disk, a memory module or an incorrect copy changed bytes of the payload.',
    remedy:
      'Copy or download the file again, or regenerate it. To skip corrupt records, run `recordpipe repair` or `cat --recover`. In programs, pass `recover`.',
  },
  'truncated-header': {
    section: 'records',
    meaning: 'The file ends inside the header of a record.',
    cause:
      'The writer was stopped before it closed the file, the copy is incomplete, or the file is still being written.',
    remedy:
      'Close the writer, then copy the file again or regenerate it. To save the complete records, run `recordpipe repair`. If the end may be missing, pass `--on-truncated stop` (`onTruncated`).',
  },
  'truncated-record': {
    section: 'records',
    meaning: 'The file or stream ends inside a record.',
    cause:
      'The writer was stopped before it closed the file, the copy is incomplete, or the file is still being written.',
    remedy:
      'Close the writer, then copy the file again or regenerate it. To save the complete records, run `recordpipe repair`.',
  },
  'record-too-large': {
    section: 'records',
    meaning: 'A record, a line or a value exceeds a size limit.',
    cause:
      'The file is damaged or has another format, so its length field contains other data. Or the records exceed the limit.',
    remedy:
      'If records may be this large, raise `--max-record-size` (`maxRecordBytes`), or `--max-line-size` (`maxLineBytes`) for lines. Otherwise treat the file as damaged.',
  },
  'trailing-garbage': {
    section: 'compression',
    meaning: 'Bytes that are neither gzip data nor zero padding follow the gzip stream.',
    cause: 'Something was appended to the compressed file, or the copy joined two files.',
    remedy:
      'Copy or download the file again. To save the records, run `recordpipe repair`, or decompress the file first: `gzip -dc FILE | recordpipe COMMAND -`.',
  },
  'bad-magic': {
    section: 'records',
    meaning: 'A RecordIO record does not start with the magic number.',
    cause: 'The file was damaged, an edit shifted its bytes, or the file is not a RecordIO file.',
    remedy:
      'Check the format with `recordpipe inspect`. If the file is RecordIO, copy or regenerate it, or save the valid records with `recordpipe repair`.',
  },
  'unexpected-part': {
    section: 'records',
    meaning: 'A part of a multipart RecordIO record is out of order, or multipart records are not allowed.',
    cause: 'A part was lost, damaged or written twice, or `--multipart error` (`multipart`) is set.',
    remedy:
      'Copy or download the file again, or regenerate it. To save the valid records, run `recordpipe repair`.',
  },
  'ambiguous-multipart': {
    section: 'records',
    meaning: 'A multipart RecordIO record cannot be joined by the rules of dmlc.',
    cause: 'A tool other than dmlc, such as SageMaker, split the records.',
    remedy: 'If SageMaker wrote the file, pass `--multipart concat` (`multipart`).',
  },
  'missing-padding': {
    section: 'records',
    meaning: 'The padding of the last RecordIO record is missing.',
    cause: 'The writer does not pad the last record, or the file lost its last bytes.',
    remedy:
      'recordpipe accepts the file with `cat` and `repair`. For readers that require the padding, regenerate the file or run `recordpipe repair`.',
  },
  'malformed-text': {
    section: 'records',
    meaning: 'A line is not valid text in the requested encoding.',
    cause: 'The file has another encoding, or it contains binary data.',
    remedy:
      'Pass the correct `--encoding` (`encoding`), or fix the text. In programs, `fatal: false` replaces invalid bytes with U+FFFD.',
  },
  'malformed-base64': {
    section: 'contents',
    meaning: 'A line is not valid base64, so it cannot become a record.',
    cause: 'The lines are plain text, or an editor changed them.',
    remedy:
      'Fix the line, pass `--from textline` to treat lines as plain text, or skip such lines with `recordpipe repair`.',
  },
  'malformed-table': {
    section: 'contents',
    meaning: 'A table (Parquet, Arrow, CSV or JSON Lines) is damaged, or a row does not fit its columns.',
    cause: 'The file is incomplete or has another format, or a row has the wrong number or type of values.',
    remedy: 'Fix the table, or write it again. If it has another format, pass `--from` (`from`).',
  },
  'unknown-format': {
    section: 'records',
    meaning: 'The contents of a file match no record format.',
    cause:
      'The file is not a record file, is compressed twice, has an unsupported compression, or has a damaged beginning.',
    remedy:
      'The message says what the file looks like. If it contains records, pass `--format` and `--compression`. Otherwise exclude it.',
  },
  unrepresentable: {
    section: 'contents',
    meaning: 'A value cannot be written in the requested form without loss.',
    cause:
      'For example, a payload contains a line break and the output is text lines, or a feature has no equivalent in CSV.',
    remedy:
      'Choose another output format, such as Parquet, or select other columns. `--lossy` drops such values, and `--skip-errors` skips such records.',
  },
  'malformed-index': {
    section: 'indexes',
    meaning: 'An index file is damaged or has another format.',
    cause: 'Writing the index was interrupted, or another program wrote a file with this name.',
    remedy: 'Rebuild the index with `recordpipe index --force`.',
  },
  'index-mismatch': {
    section: 'indexes',
    meaning: 'An index does not match its record file.',
    cause: 'The record file was written or replaced after the index was built.',
    remedy: 'Rebuild the index with `recordpipe index --force`.',
  },
  'truncated-compressed-stream': {
    section: 'compression',
    meaning: 'A gzip or zlib stream ends early.',
    cause: 'The writer was stopped, the copy is incomplete, or the file is still being written.',
    remedy:
      'Copy or download the file again, or regenerate it. To accept a missing end, pass `--on-truncated stop` (`onTruncated`).',
  },
  'corrupt-compressed-stream': {
    section: 'compression',
    meaning: 'A gzip or zlib stream is damaged: it cannot be inflated, or its checksum does not match.',
    cause: 'A disk or a copy changed bytes, or the file is not compressed.',
    remedy:
      'Copy or download the file again, or regenerate it. If it is not compressed, pass `--compression none` (`compression`).',
  },
  'unsupported-source': {
    section: 'files',
    meaning: 'The operation does not support this kind of input or output.',
    cause:
      'For example, the path is a directory but the operation requires a file, it is a pipe but the operation requires random access, or the address has an unsupported scheme.',
    remedy: 'Use the alternative in the message, often a regular file or a stream of the bytes.',
  },
  'source-changed': {
    section: 'files',
    meaning: 'A file changed while it was read, or since an earlier step read it.',
    cause: 'Another process writes to the file or replaced it.',
    remedy: 'Wait until all writers have closed the file, then run the command again.',
  },
  'unknown-channel': {
    section: 'pipemode',
    meaning: 'The training job has no channel with this name.',
    cause: 'The name is misspelled, or `inputdataconfig.json` belongs to another job.',
    remedy: 'Use one of the channels in `inputdataconfig.json`, which the message lists.',
  },
  'not-a-pipe-channel': {
    section: 'pipemode',
    meaning: 'The channel is not in Pipe mode.',
    cause: 'The input mode of the channel is File or FastFile.',
    remedy: 'Set `TrainingInputMode` to `Pipe`, or read the files of the channel from its directory.',
  },
  'malformed-config': {
    section: 'pipemode',
    meaning: 'A configuration file, a job request or an environment variable is invalid.',
    cause: 'The text is not JSON, a field has the wrong type, or a variable has an unexpected value.',
    remedy: 'Fix the field that the message names.',
  },
  'malformed-state': {
    section: 'pipemode',
    meaning: 'A saved state, position or checkpoint is invalid.',
    cause: 'Saving it was interrupted, a program changed it, or another release wrote it.',
    remedy: 'Pass an unchanged state that recordpipe wrote, or restart the epoch.',
  },
  'pipe-timeout': {
    section: 'pipemode',
    meaning: 'No writer opened a named pipe in time, or another process kept a lock for too long.',
    cause: 'The streamer is not running, or serves another folder or epoch.',
    remedy:
      'Start the streamer first, and check the folder of the pipes. If storage is slow, raise the timeout.',
  },
  'reader-timeout': {
    section: 'pipemode',
    meaning: 'No reader opened a named pipe in time.',
    cause: 'The training program ended, failed before it opened the pipe, or reads another folder.',
    remedy: 'Check the output of the training program, or raise `--reader-timeout` (`readerTimeoutMs`).',
  },
  'object-missing': {
    section: 'files',
    meaning: 'An object or bucket does not exist.',
    cause:
      'The key is misspelled, the object was deleted, or the request went to another endpoint or region.',
    remedy:
      'Check the bucket, the key and `--endpoint-url`. `recordpipe doctor s3://BUCKET` checks the access.',
  },
  'object-changed': {
    section: 'files',
    meaning: 'An object was overwritten while it was read, or since it was listed.',
    cause: 'Another client writes to the bucket.',
    remedy:
      'Run the command again after all writes have finished. In a versioned bucket, pass `--pin-version` (`pinVersion`).',
  },
  'object-checksum': {
    section: 'files',
    meaning: 'The bytes of an object do not match the checksum that the service stores.',
    cause: 'The network or the storage changed bytes, or the upload stored a wrong checksum.',
    remedy: 'Read the object again. If the error persists, upload it again from its source.',
  },
  'retries-exhausted': {
    section: 'files',
    meaning: 'Requests for an object failed until the retry time or the number of attempts was exhausted.',
    cause: 'The service or the network is down, slow or overloaded.',
    remedy:
      'Try again later. To retry for longer, raise `--retry-timeout` (`retryTimeoutMs`). To send fewer parallel requests, lower `--max-requests` (`maxRequests`).',
  },
  'malformed-manifest': {
    section: 'pipemode',
    meaning: 'A manifest is invalid.',
    cause: 'A line is not JSON, a reference is not an address, or the file is a manifest of another kind.',
    remedy: 'Run `recordpipe manifest check FILE`, which lists all problems with their lines.',
  },
  'missing-attribute': {
    section: 'pipemode',
    meaning: 'A line of an augmented manifest does not have a requested attribute.',
    cause: 'The attribute name is misspelled, or the labeling job did not label every object.',
    remedy: 'Check the attribute names, or remove the lines that `recordpipe manifest check FILE` lists.',
  },
  'malformed-example': {
    section: 'contents',
    meaning: 'A payload is not a valid message of the expected type.',
    cause: 'The records contain another type, such as images or text, or the writer has a bug.',
    remedy:
      'Inspect the record with `recordpipe inspect FILE --skip RECORD -n 1`, and choose the matching type.',
  },
  'schema-mismatch': {
    section: 'contents',
    meaning: 'A record does not match a schema or the requested features.',
    cause: 'A feature is missing, has another type or shape, or has a value outside the allowed range.',
    remedy: 'Fix or exclude the records. If they are correct, edit the schema.',
  },
  'malformed-plan': {
    section: 'shards',
    meaning: 'A plan is damaged or was edited.',
    cause: 'The copy is incomplete, or another release wrote the plan.',
    remedy: 'Regenerate it with `recordpipe plan`, and run all shards of the new plan.',
  },
  'malformed-report': {
    section: 'shards',
    meaning: 'A report is damaged or is not a shard report.',
    cause: 'The run that wrote it was interrupted, or a program changed it.',
    remedy: 'Rerun its shard, then merge again.',
  },
  'report-mismatch': {
    section: 'shards',
    meaning: 'Reports do not belong to the same run.',
    cause: 'Their plan, command, options or version differ, or a file changed between the runs.',
    remedy:
      'Merge only reports with the same plan, command and options. If a file changed, regenerate the plan and run all shards again.',
  },
  'missing-shards': {
    section: 'shards',
    meaning: 'The reports of some shards are missing.',
    cause: 'The jobs of these shards failed or are still running.',
    remedy: 'Run the shards that the message lists, then merge again.',
  },
  'incomplete-shards': {
    section: 'shards',
    meaning: 'A set of files named `NAME-00000-of-00010` is incomplete, and `--strict-shards` is set.',
    cause: 'The upload or the writer stopped early, or two sets have the same name.',
    remedy: 'Restore the missing shards, or remove `--strict-shards` (`strictShards`).',
  },
  'no-records': {
    section: 'contents',
    meaning: 'The inputs contain no records, so the columns cannot be inferred.',
    cause: 'The files are empty, or the filter excludes all records.',
    remedy: 'Check the inputs and the filter. For a table without rows, pass `--schema FILE` (`schema`).',
  },
  'not-resumable': {
    section: 'pipemode',
    meaning: 'recordpipe cannot continue from a position.',
    cause: 'The data, its order or the options changed since the position was saved.',
    remedy: 'Restore the data and the options, or restart the epoch.',
  },
  'not-found': {
    section: 'files',
    meaning: 'A file, directory or pattern matches nothing.',
    cause:
      'The path is misspelled, or the command runs in another working directory, for example in a container.',
    remedy: 'Check the path. Quote patterns, so that recordpipe expands them.',
  },
  'access-denied': {
    section: 'files',
    meaning: 'The user or role has no permission.',
    cause: 'File permissions or a bucket policy deny access, or the S3 credentials are missing or expired.',
    remedy:
      'For files, change the owner or the mode. For S3, run `recordpipe doctor s3://BUCKET`, and check `--profile`. For public buckets, pass `--no-sign-request` (`anonymous`).',
  },
  'already-exists': {
    section: 'files',
    meaning: 'An output already exists.',
    cause: 'An earlier run wrote it.',
    remedy: 'Choose another name, or pass `--force` (`overwrite`) to replace it.',
  },
  'io-failure': {
    section: 'files',
    meaning: 'The operating system or the network reported a failure.',
    cause: 'For example, the disk is full, a disk or mount failed, or the connection was lost.',
    remedy: 'Fix the cause that the message names, then try again.',
  },
  'missing-package': {
    section: 'program',
    meaning: 'An optional package is not installed.',
    cause: 'It was not installed, or `npm install --omit=optional` removed it.',
    remedy: 'Install the package that the message names in the same project as recordpipe.',
  },
  closed: {
    section: 'program',
    meaning: 'A writer, reader or file was used after it was closed.',
    cause: 'The program closed or aborted it, or tried to read a single-use stream twice.',
    remedy: 'Open it again, or call `close` after the last use.',
  },
  aborted: {
    section: 'program',
    meaning: 'The program stopped the operation.',
    cause: 'An `AbortSignal` was aborted.',
    remedy: 'None. This error is expected, and `error.cause` contains the reason of the signal.',
  },
  'invalid-argument': {
    section: 'program',
    meaning: 'An argument or option is invalid (`UsageError`).',
    cause: 'The calling program or the command line contains a mistake, which does not depend on the data.',
    remedy: 'Fix the argument that the message names. `recordpipe COMMAND --help` lists the options.',
  },
};
