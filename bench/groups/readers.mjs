/**
 * The readers of each format and the cases they take part in. `cores` is `one` if the process is
 * kept on one core. `ours`: recordpipe in a new process; `stops`: supports a limit of records;
 * `whole`: counts bytes, not records.
 */

/** The same reader on all cores and on one core. */
const bothWays = (reader) => ['all', 'one'].map((cores) => ({ ...reader, cores }));

const OURS = { who: 'recordpipe', ours: true };
const PEER = { cores: 'one', stops: true };
const LIMIT = { who: 'limit', cores: 'one' };
const DD = { ...LIMIT, what: 'dd', whole: true };

const VIEWS = ['views', 'views, reuse', 'views of batches, reuse'].flatMap((what) =>
  bothWays({ ...OURS, what, cases: ['views'] }),
);
const BATCHES = ['batches', 'batches, reuse'].flatMap((what) =>
  bothWays({ ...OURS, what, cases: ['batches'] }),
);
const VALIDATE = bothWays({ ...OURS, what: 'validate', cases: ['validate', 'batches'] });
const COUNT = bothWays({ ...OURS, what: 'count', cases: ['count'] });
/**
 * Read on the calling thread, as the command line does: for these two formats, reading ahead on
 * another core costs more than it gains.
 */
const HERE = ['validate', 'count'].map((what) => ({
  ...OURS,
  what: `${what}, blocking`,
  cores: 'all',
  cases: [what],
}));

export const READERS = {
  tfrecord: [
    { ...DD, cases: ['validate', 'batches', 'views'] },
    ...VALIDATE,
    ...BATCHES,
    ...VIEWS,
    { ...PEER, who: 'tensorflow', what: 'tf_record_iterator', cases: ['validate', 'views'] },
    { ...PEER, who: 'tensorflow', what: 'TFRecordDataset', cases: ['validate', 'views'] },
    { who: 'tensorflow', what: 'TFRecordDataset best', cores: 'one', cases: ['validate'] },
    { ...PEER, who: 'rust', what: 'BytesIter', cases: ['validate', 'views'] },
    { ...PEER, who: 'rust', what: 'BytesIter unchecked', cases: ['views'] },
    { ...PEER, who: 'vahidk', what: 'tfrecord_iterator', cases: ['views'] },
    { ...PEER, who: 'npm-tfrecord', what: 'RecordReader', cases: ['views'] },
  ],
  recordio: [
    { ...DD, cases: ['validate', 'count', 'batches', 'views'] },
    ...VALIDATE,
    ...COUNT,
    ...HERE,
    ...BATCHES,
    ...VIEWS,
    { ...PEER, who: 'sagemaker', what: 'read_recordio', cases: ['validate', 'views'] },
    { ...PEER, who: 'mxnet', what: 'MXRecordIO', cases: ['validate', 'views'] },
  ],
  textline: [
    { ...DD, cases: ['validate', 'count', 'batches', 'views'] },
    { ...LIMIT, what: 'wc -l', cases: ['validate', 'count'] },
    { ...LIMIT, what: "grep -c ''", cases: ['count'] },
    ...VALIDATE,
    ...COUNT,
    ...HERE,
    ...BATCHES,
    ...VIEWS,
    { ...PEER, who: 'readline', what: 'readline', cases: ['views'] },
    { ...PEER, who: 'readline', what: 'readline events', cases: ['views'] },
    { ...PEER, who: 'tensorflow', what: 'TextLineDataset', cases: ['views'] },
    { who: 'tensorflow', what: 'TextLineDataset best', cores: 'one', cases: ['validate', 'views'] },
  ],
};
