/** Targets for RecordIO files and text lines, by size. */

import { allWays, everywhere, VIEWS } from './ways.mjs';

const RECORDIO = { group: 'read', format: 'recordio' };
const TEXTLINE = { group: 'read', format: 'textline' };

export const FORMAT_TARGETS = [
  {
    ...RECORDIO,
    title: 'RecordIO: `validate` in-process against `dd bs=1M of=/dev/null`',
    note: "dd's own figure excludes its startup.",
    ways: allWays('validate'),
    others: { who: 'limit', what: 'dd, by its own clock' },
    wanted: everywhere(0.6, [1000, 10_000, 100_000]),
  },
  {
    ...RECORDIO,
    title: "RecordIO: `validate` in-process against the SageMaker SDK's `read_recordio`",
    ways: allWays('validate'),
    others: { who: 'sagemaker' },
    wanted: everywhere(20),
  },
  {
    ...TEXTLINE,
    title: 'TextLine: counting lines against `wc -l`',
    note: 'The startup of `wc`, measured with `/dev/null`, is subtracted.',
    ways: allWays('count'),
    others: { who: 'limit', what: 'wc -l, by its own clock' },
    wanted: everywhere(0.8),
  },
  {
    ...TEXTLINE,
    title: "TextLine: lines as views against Node's `readline`",
    note: 'The faster of `for await` and events.',
    ways: VIEWS,
    others: { who: 'readline' },
    wanted: everywhere(8),
  },
  {
    ...TEXTLINE,
    title: 'TextLine: lines as views against `TextLineDataset`',
    ways: VIEWS,
    others: { who: 'tensorflow', what: 'TextLineDataset' },
    wanted: everywhere(5),
  },
  {
    ...TEXTLINE,
    title: "TextLine: lines as views against TensorFlow's fastest way",
    note: 'Batches counted inside the dataset, where no line reaches Python.',
    ways: VIEWS,
    others: { who: 'tensorflow' },
    wanted: everywhere(5),
  },
];
