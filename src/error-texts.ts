import type { ErrorCode } from './errors.ts';

// The texts of docs/reference/errors.md. No program loads this module. `npm run docs:generate` updates the page.

/** Titles of the sections of the error reference, in the order of the page. */
export const ERROR_SECTIONS: Readonly<Record<ErrorSection, string>> = {
  records: 'Record files',
  compression: 'Compressed files',
  contents: 'Record content and tables',
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
  /** What to do. Names each option of the command line, then the library option if its name differs. */
  readonly remedy: string;
}

/** Describes every code. */
export const ERROR_TEXTS: Readonly<Record<ErrorCode, ErrorText>> = {
  'length-checksum': {
    section: 'records',
    meaning: 'The length of a TFRecord does not match its checksum.',
    cause:
      'A disk error or an incomplete copy damaged the file, an edit shifted its bytes, or the file is not a TFRecord file.',
    remedy:
      'Copy or download the file again, or regenerate it. To recover the valid records, run `recordpipe repair`. In programs, the `recover` option skips damaged data.',
  },
  'data-checksum': {
    section: 'records',
    meaning: 'The payload of a TFRecord does not match its checksum.',
    cause: 'A faulty disk, faulty memory or an incorrect copy corrupted the payload.',
    remedy:
      'Copy or download the file again, or regenerate it. To skip corrupt records, run `recordpipe repair` or `cat --recover`. In programs, set the `recover` option.',
  },
  'truncated-header': {
    section: 'records',
    meaning: 'The file ends inside a record header.',
    cause:
      'The writer was stopped before it closed the file, the copy is incomplete, or the file is still being written.',
    remedy:
      'Close the writer, then copy the file again or regenerate it. To recover the complete records, run `recordpipe repair`. To accept a truncated file, pass `--on-truncated stop` (`onTruncated`).',
  },
  'truncated-record': {
    section: 'records',
    meaning: 'The file or stream ends inside a record.',
    cause:
      'The writer was stopped before it closed the file, the copy is incomplete, or the file is still being written.',
    remedy:
      'Close the writer, then copy the file again or regenerate it. To recover the complete records, run `recordpipe repair`.',
  },
  'record-too-large': {
    section: 'records',
    meaning: 'A record, a line or a value exceeds a size limit.',
    cause:
      'The record is larger than the limit, or a damaged file or an incorrect format makes recordpipe read other data as a length.',
    remedy:
      'If a record of this size is valid, raise `--max-record-size` (`maxRecordBytes`). For lines, raise `--max-line-size` (`maxLineBytes`). Otherwise, treat the file as damaged.',
  },
  'trailing-garbage': {
    section: 'compression',
    meaning: 'Bytes that are neither gzip data nor zero padding follow the gzip stream.',
    cause: 'A program appended other data to the compressed file, or a copy joined two files.',
    remedy:
      'Copy or download the file again. To recover the records, run `recordpipe repair`, or decompress the file first: `gzip -dc FILE | recordpipe COMMAND -`.',
  },
  'bad-magic': {
    section: 'records',
    meaning: 'A RecordIO record does not start with the magic number.',
    cause: 'The file is damaged, an edit shifted its bytes, or the file is not a RecordIO file.',
    remedy:
      'Check the format with `recordpipe inspect`. If the file is a RecordIO file, copy it again or regenerate it. To recover the valid records, run `recordpipe repair`.',
  },
  'unexpected-part': {
    section: 'records',
    meaning: 'A part of a multipart RecordIO record is out of order, or multipart records are not allowed.',
    cause: 'A part is missing, damaged or duplicated, or `--multipart error` (`multipart`) is set.',
    remedy:
      'Copy or download the file again, or regenerate it. To recover the valid records, run `recordpipe repair`.',
  },
  'ambiguous-multipart': {
    section: 'records',
    meaning: 'The parts of a multipart RecordIO record cannot be joined according to the dmlc rules.',
    cause: 'A tool other than dmlc, such as SageMaker, split the record into parts.',
    remedy: 'If SageMaker wrote the file, pass `--multipart concat` (`multipart`).',
  },
  'missing-padding': {
    section: 'records',
    meaning: 'The padding after the last RecordIO record is missing.',
    cause: 'The writer does not pad the last record, or the last bytes of the file are missing.',
    remedy:
      '`recordpipe cat` and `recordpipe repair` accept the file. If another reader requires the padding, regenerate the file or run `recordpipe repair`.',
  },
  'malformed-text': {
    section: 'records',
    meaning: 'A line is not valid text in the requested encoding.',
    cause: 'The file uses a different encoding, or it contains binary data.',
    remedy:
      'Pass the correct `--encoding` (`encoding`), or fix the text. In programs, `fatal: false` replaces invalid bytes with U+FFFD.',
  },
  'malformed-base64': {
    section: 'contents',
    meaning: 'A line is not valid base64, so it cannot be converted to a record.',
    cause: 'The lines are plain text, or an editor changed them.',
    remedy:
      'Fix the line. If the lines are plain text, pass `--from textline` (`from`). To skip invalid lines, run `recordpipe repair`.',
  },
  'malformed-table': {
    section: 'contents',
    meaning:
      'A table (Parquet, Arrow, CSV or JSON Lines) is damaged, or a row does not fit the columns of the table.',
    cause:
      'The file is incomplete, the file is not in the expected format, or a row contains the wrong number of values or values of the wrong type.',
    remedy:
      'Fix the table, or write it again. If the table is in a different format, specify that format with `--from` (`from`).',
  },
  'unknown-format': {
    section: 'records',
    meaning: 'The format of a file cannot be detected.',
    cause:
      'The file is not a record file, is compressed twice, uses an unsupported compression, or is damaged at the beginning.',
    remedy:
      'The message describes the content of the file. If the file contains records, pass `--format` and `--compression`. Otherwise, exclude the file.',
  },
  unrepresentable: {
    section: 'contents',
    meaning: 'A value cannot be written in the requested form without loss.',
    cause:
      'For example, the output is text lines and a payload contains a line break, or the output is CSV and a feature has several values.',
    remedy:
      'Choose another output format, such as Parquet, or select other columns. `--lossy` drops the values, and `--skip-errors N` (`skipErrors`) skips up to N records with such values.',
  },
  'malformed-index': {
    section: 'indexes',
    meaning: 'An index file is damaged or is not in the expected format.',
    cause:
      'The program that wrote the index was interrupted, or another program wrote a file with this name.',
    remedy: 'Rebuild the index with `recordpipe index --force`.',
  },
  'index-mismatch': {
    section: 'indexes',
    meaning: 'An index does not match its record file.',
    cause: 'The record file was changed or replaced after the index was built.',
    remedy: 'Rebuild the index with `recordpipe index --force`.',
  },
  'truncated-compressed-stream': {
    section: 'compression',
    meaning: 'A gzip or zlib stream is truncated.',
    cause: 'The writer was stopped, the copy is incomplete, or the file is still being written.',
    remedy:
      'Copy or download the file again, or regenerate it. To accept a truncated file, pass `--on-truncated stop` (`onTruncated`).',
  },
  'corrupt-compressed-stream': {
    section: 'compression',
    meaning: 'A gzip or zlib stream is damaged.',
    cause: 'A faulty disk or an incorrect copy corrupted the file, or the file is not compressed.',
    remedy:
      'Copy or download the file again, or regenerate it. If the file is not compressed, pass `--compression none` (`compression`).',
  },
  'unsupported-source': {
    section: 'files',
    meaning: 'The operation does not support this kind of input or output.',
    cause:
      'For example, the path is a directory but the operation requires a file, or the path is a pipe but the operation requires random access. The address scheme may also be unsupported.',
    remedy: 'Use the alternative that the message names, such as a regular file or a stream.',
  },
  'source-changed': {
    section: 'files',
    meaning: 'A file changed while recordpipe was reading it, or after an earlier step read it.',
    cause: 'Another process is writing to the file or replaced it.',
    remedy: 'Wait until all writers have closed the file, then run the command again.',
  },
  'unknown-channel': {
    section: 'pipemode',
    meaning: 'The training job has no channel with this name.',
    cause: 'The name is misspelled, or `inputdataconfig.json` belongs to another job.',
    remedy: 'Use one of the channels that the message lists. They are defined in `inputdataconfig.json`.',
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
    cause:
      'The file or request is not valid JSON, a field has the wrong type, or a variable has an invalid value.',
    remedy: 'Fix the field or variable that the message names.',
  },
  'malformed-state': {
    section: 'pipemode',
    meaning: 'A saved state, position or checkpoint is invalid.',
    cause:
      'A program was interrupted while it saved the state, a program changed the state, or a different release of recordpipe wrote it.',
    remedy: 'Pass the state exactly as recordpipe wrote it, or restart the epoch.',
  },
  'pipe-timeout': {
    section: 'pipemode',
    meaning: 'No writer opened a named pipe in time, or another process kept a lock for too long.',
    cause: 'The streamer is not running, or it serves a different folder or epoch.',
    remedy:
      'Start the streamer first, and check that both use the same pipe folder. If the storage is slow, increase the timeout.',
  },
  'reader-timeout': {
    section: 'pipemode',
    meaning: 'No reader opened a named pipe in time.',
    cause: 'The training program ended, failed before it opened the pipe, or reads from a different folder.',
    remedy: 'Check the output of the training program, or raise `--reader-timeout` (`readerTimeoutMs`).',
  },
  'object-missing': {
    section: 'files',
    meaning: 'An object or bucket does not exist.',
    cause:
      'The key is misspelled, the object was deleted, or the request was sent to the wrong endpoint or region.',
    remedy:
      'Check the bucket, the key and `--endpoint-url`. `recordpipe doctor s3://BUCKET` checks whether recordpipe can access the bucket.',
  },
  'object-changed': {
    section: 'files',
    meaning: 'An object was overwritten while recordpipe was reading it, or after it was listed.',
    cause: 'Another client is writing to the bucket.',
    remedy:
      'Run the command again after all writes have finished. In a versioned bucket, pass `--pin-version` (`pinVersion`).',
  },
  'object-checksum': {
    section: 'files',
    meaning: 'The content of an object does not match the checksum that the service stores.',
    cause:
      'The network or the storage corrupted the object, or the client that uploaded it sent an incorrect checksum.',
    remedy: 'Read the object again. If the error persists, upload the object again from its source.',
  },
  'retries-exhausted': {
    section: 'files',
    meaning: 'Requests for an object kept failing until the retry limit was reached.',
    cause: 'The service or the network is down, slow or overloaded.',
    remedy:
      'Try again later. To retry for longer, raise `--retry-timeout` (`retryTimeoutMs`). To send fewer parallel requests, lower `--max-requests` (`maxRequests`).',
  },
  'malformed-manifest': {
    section: 'pipemode',
    meaning: 'A manifest is invalid.',
    cause:
      'A line is not valid JSON, a reference is not an address, or the manifest is of a different kind than expected.',
    remedy:
      'Run `recordpipe manifest check FILE` to list all problems with their line numbers. Then fix them.',
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
    cause: 'The records contain other data, such as images or text, or the writer has a bug.',
    remedy:
      'Inspect the record with `recordpipe inspect FILE --skip RECORD -n 1`, and specify its actual type.',
  },
  'schema-mismatch': {
    section: 'contents',
    meaning: 'A record does not match a schema or the requested features.',
    cause: 'A feature is missing, has the wrong type or shape, or has a value outside the allowed range.',
    remedy: 'Fix or exclude the records. If the records are correct, edit the schema.',
  },
  'malformed-plan': {
    section: 'shards',
    meaning: 'A plan is damaged or was edited.',
    cause:
      'The copy is incomplete, the plan was edited, or a different release of recordpipe wrote the plan.',
    remedy: 'Regenerate the plan with `recordpipe plan`, then run all shards of the new plan.',
  },
  'malformed-report': {
    section: 'shards',
    meaning: 'A report is damaged or is not a shard report.',
    cause: 'The run that wrote the report was interrupted, or a program changed the report.',
    remedy: 'Rerun the shard that the report describes, then merge the reports again.',
  },
  'report-mismatch': {
    section: 'shards',
    meaning: 'The reports do not belong to the same run.',
    cause:
      'The reports come from different plans, commands, options or versions, or a file changed between the runs.',
    remedy:
      'Merge only reports with the same plan, command and options. If a file changed, regenerate the plan, then run all shards again.',
  },
  'missing-shards': {
    section: 'shards',
    meaning: 'The reports for some shards are missing.',
    cause: 'The jobs of these shards failed or are still running.',
    remedy: 'Run the shards that the message lists, then merge again.',
  },
  'incomplete-shards': {
    section: 'shards',
    meaning: 'A set of files named `NAME-00000-of-00010` is incomplete, and `--strict-shards` is set.',
    cause: 'The writer or an upload stopped early, or two sets have the same name.',
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
    cause: 'The data, its order or the options changed after the position was saved.',
    remedy: 'Restore the data and the options, or restart the epoch.',
  },
  'not-found': {
    section: 'files',
    meaning: 'A file or directory does not exist, or a pattern matches no files.',
    cause:
      'The path is misspelled, or the command runs in a working directory other than the expected one, for example in a container.',
    remedy: 'Check the path. Quote patterns so that recordpipe, not the shell, expands them.',
  },
  'access-denied': {
    section: 'files',
    meaning: 'The user or role does not have the required permission.',
    cause: 'File permissions or a bucket policy deny access, or the S3 credentials are missing or expired.',
    remedy:
      'For files, change the owner or the permissions. For S3, run `recordpipe doctor s3://BUCKET`, and check `--profile`. If the bucket is public, pass `--no-sign-request` (`anonymous`).',
  },
  'already-exists': {
    section: 'files',
    meaning: 'An output already exists.',
    cause: 'An earlier run wrote this output.',
    remedy: 'Choose another name, or pass `--force` (`overwrite`) to replace the output.',
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
    cause: 'The package was never installed, or `npm install --omit=optional` removed it.',
    remedy: 'In the project that uses recordpipe, install the package that the message names.',
  },
  closed: {
    section: 'program',
    meaning: 'The program used a writer, reader or file after it was closed.',
    cause:
      'The program closed or aborted the writer, reader or file, or tried to read a single-use stream twice.',
    remedy: 'Open the writer, reader or file again, or call `close` only after its last use.',
  },
  aborted: {
    section: 'program',
    meaning: 'The calling program aborted the operation.',
    cause: 'The program aborted an `AbortSignal` that it had passed.',
    remedy: 'None: the error is expected. `error.cause` contains the reason for aborting.',
  },
  'invalid-argument': {
    section: 'program',
    meaning: 'An argument or option is invalid (`UsageError`).',
    cause: 'The mistake is in the calling program or the command line, not in the data.',
    remedy: 'Fix the argument that the message names. `recordpipe COMMAND --help` lists the options.',
  },
};
