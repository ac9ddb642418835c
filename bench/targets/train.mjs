/** Targets for training jobs. */

import { ours } from './ways.mjs';

export const TRAIN_TARGETS = [
  {
    title: 'Training: time to the first batch of `model.fit`, S3 against local files, milliseconds',
    note: 'From the start of the loop. Round-trip time to S3: 20 ms.',
    rows: ['Pipe', 'File'].map((mode) => ({
      group: 'train first batch',
      at: `\`recordpipe train\`, ${mode} mode`,
      mine: ours(`train, ${mode} mode: model.fit`),
      other: { who: 'tf.data', what: 'local files: model.fit' },
      wanted: 1.2,
      atMost: true,
    })),
  },
];
