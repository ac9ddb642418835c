/** Targets for Examples, by corpus. */

import { ours } from './ways.mjs';

const CORE = 'one';
const decoded = (corpus) => ours(`decode ${corpus}`, CORE);
const decodedAgain = (corpus) => ours(`decode, reuse ${corpus}`, CORE);

export const EXAMPLE_TARGETS = [
  {
    title: '`decodeExample` against the decoder of protobufjs',
    note: 'protobufjs 8 compiles its decoder from types; npm `tfrecord` has a static module of protobufjs 6.',
    rows: Object.entries({ embedding: 8, ids: 4, scalars: 2, image: 20 }).flatMap(([corpus, wanted]) =>
      [
        ['', 'protobufjs'],
        [', that of npm `tfrecord`', 'npm-tfrecord'],
      ].map(([suffix, who]) => ({
        group: 'example',
        at: corpus + suffix,
        mine: decoded(corpus),
        other: { who, what: `decode ${corpus}` },
        wanted,
      })),
    ),
  },
  {
    title: '`ExampleDecoder`, which reuses its memory, against the decoder of protobufjs',
    rows: Object.entries({ embedding: 8, ids: 4, scalars: 2, image: 20 }).map(([corpus, wanted]) => ({
      group: 'example',
      at: corpus,
      mine: decodedAgain(corpus),
      other: { who: 'protobufjs', what: `decode ${corpus}` },
      wanted,
    })),
  },
  {
    title: 'Parsing 3 of 50 features against `decodeExample`',
    rows: [
      {
        group: 'example',
        at: '`parse`',
        mine: ours('parse three of fifty', CORE),
        other: decoded('three of fifty'),
        wanted: 3,
      },
    ],
  },
  {
    title: "Batches into columns against TensorFlow's `parse_example`, single-threaded",
    rows: ['image', 'scalars', 'embedding', 'ids', 'three of fifty'].flatMap((corpus) =>
      [
        ['', 1],
        [', reuse', 1.5],
      ].map(([way, wanted]) => ({
        group: 'example',
        at: corpus + way,
        mine: ours(`parse_batch${way} ${corpus}`, CORE),
        other: { who: 'tensorflow', what: `parse_example ${corpus}` },
        wanted,
      })),
    ),
  },
];
