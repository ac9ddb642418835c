import { writeFileSync } from 'node:fs';
import { encodeTFRecord } from 'recordpipe';
import { encodeExample } from 'recordpipe/messages';
import { EXAMPLES, factsOf, specsOf } from '../examples.mjs';
import { measureWays } from './ways.mjs';

/** The decoders and their modes. `wanted`: reads only the requested features. */
const WAYS = [
  { who: 'recordpipe', ours: true, mode: 'decode' },
  { who: 'recordpipe', ours: true, mode: 'decode, reuse' },
  { who: 'recordpipe', ours: true, mode: 'parse', wanted: true },
  { who: 'recordpipe', ours: true, mode: 'parse_batch', wanted: true },
  { who: 'recordpipe', ours: true, mode: 'parse_batch, reuse', wanted: true },
  { who: 'protobufjs', mode: 'decode' },
  { who: 'npm-tfrecord', mode: 'decode' },
  { who: 'bufbuild', mode: 'decode' },
  { who: 'vahidk', mode: 'extract_feature_dict', wanted: true },
  { who: 'tensorflow', mode: 'parse_single_example', wanted: true },
  { who: 'tensorflow', mode: 'parse_example', wanted: true },
];

/** Measures decoding of Examples in memory on one core, in records per second. */
export async function runExamples(cases, context) {
  for (const { what } of cases) await runCorpus(what, context);
}

async function runCorpus(corpus, context) {
  const { data, smoke } = context;
  const { records, example } = EXAMPLES[corpus];
  const path = data.name(`${corpus.replaceAll(' ', '-')}.tfrecord`);
  writeFileSync(
    path,
    Buffer.concat(Array.from({ length: records }, (_, k) => encodeTFRecord(encodeExample(example(k))))),
  );
  const specs = specsOf(corpus);
  const ask = async (peer, { mode, wanted = false }, check) => {
    const request = { op: 'example', mode, path, specs, seconds: smoke ? 0.01 : 0.2, check };
    const { facts, records: done, seconds } = await peer.call(request);
    if (check) checkFacts(mode, facts, factsOf(corpus, wanted));
    return done / seconds;
  };
  const ways = WAYS.map((way) => ({
    ...way,
    what: `${way.mode} ${corpus}`,
    cores: 'one',
    unit: 'records/s',
    prepare: (peer) => ask(peer, way, true),
    pass: (peer) => ask(peer, way, false),
  }));
  try {
    await measureWays(ways, { group: 'example' }, context);
  } finally {
    data.remove(path);
  }
}

function checkFacts(mode, found, expected) {
  for (const [what, sum] of Object.entries(expected)) {
    if (found[what] !== sum) throw new Error(`${mode}: ${what} add up to ${found[what]}, expected ${sum}`);
  }
}
