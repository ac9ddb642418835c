/** The sections of record files as tables in RESULTS.md. */

const SCALARS =
  'Examples of 20 scalars (integers, floats, short strings), about 500 bytes each, 64 MiB in all';

export const COLUMN_SECTIONS = [
  {
    title: 'Conversion to Parquet',
    command: 'columns/convert',
    figures: { group: 'columns convert' },
    versus: () => 'convert',
    ratio: '`convert`, which infers the columns',
    about: `Rows per second. ${SCALARS}.`,
    after:
      '`convert` reads the file twice, unless `--schema` names the columns. `parse_example` parses batches of 1,024 inside of tf.data and needs the list of features; `tf.train.Example` parses the protobuf of each record. Slow programs convert a part of the records (see results.json). Ray builds a table per record, vahidk and tfr-reader verify no checksums.',
  },
  {
    title: 'Conversion to Parquet: memory',
    command: 'columns/convert',
    figures: { group: 'columns convert memory' },
    versus: () => 'convert',
    ratio: '`convert`',
    about: 'Peak resident memory; of Ray, the sum of its processes.',
  },
  {
    title: 'Reading scalars in Python',
    command: 'columns/python',
    figures: { group: 'columns python' },
    versus: () => 'recordpipe.read',
    ratio: '`recordpipe.read`, which infers the columns',
    about: `Rows per second as arrays of NumPy, in one Python process. ${SCALARS}.`,
    after:
      '`parse_single_example` is the loop over records of most programs, `parse_example` a loop over batches of 1,024.',
  },
  {
    title: 'Filters',
    command: 'columns/where',
    figures: { group: 'columns where' },
    about:
      'Records per second of Examples of 50 scalars, from a file, on one core: `where` tests one of them, `parse_batch` decodes it.',
  },
];
