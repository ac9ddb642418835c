/** Targets for record files as tables. */

import { ours } from './ways.mjs';

const CONVERTING = ['convert', 'convert, schema'];
const READING = ['recordpipe.read', 'recordpipe.read, schema'];

const against = (group, mine, others) =>
  mine.flatMap((what) =>
    others.map(([who, other, wanted]) => ({
      group,
      at: `\`${what}\` against ${who} \`${other}\``,
      mine: ours(what, 'all'),
      other: { who, what: other },
      wanted,
    })),
  );

export const COLUMN_TARGETS = [
  {
    title: 'Conversion of scalars to Parquet, rows per second',
    rows: against('columns convert', CONVERTING, [
      ['tensorflow', 'tf.train.Example, pyarrow', 5],
      ['tensorflow', 'parse_example, pyarrow', 5],
      ['ray', 'read_tfrecords, write_parquet', 10],
    ]),
  },
  {
    title: 'Reading scalars in Python, rows per second',
    rows: against('columns python', READING, [
      ['tensorflow', 'parse_single_example, numpy', 5],
      ['tensorflow', 'parse_example, numpy', 5],
    ]),
  },
  {
    title: 'A filter of one of 50 features against a plan that decodes it',
    rows: [
      {
        group: 'columns where',
        at: '`where`',
        mine: ours('where', 'one'),
        other: ours('parse_batch of one feature', 'one'),
        wanted: 0.7,
      },
    ],
  },
];
