import { Dataset } from 'recordpipe/dataset';
import { compileFeatures, encodeExample, fixedLen, varLen } from 'recordpipe/messages';

/** The features that this program uses. TypeScript derives the types of all columns from them. */
const plan = compileFeatures(
  { id: fixedLen([], 'int64'), point: fixedLen([2], 'float'), tags: varLen('text') },
  { int64: 'number' },
);

export interface Sample {
  readonly id: number;
  readonly point: readonly [x: number, y: number];
  readonly tags: readonly string[];
}

export function encodeSample({ id, point, tags }: Sample): Uint8Array {
  return encodeExample({
    id: { kind: 'int64', value: [id] },
    point: { kind: 'float', value: point },
    tags: { kind: 'bytes', value: tags },
  });
}

/** Reads the samples of files, folders, globs or s3:// addresses, in the order of the files. */
export function readSamples(inputs: readonly string[]): Dataset<Sample> {
  return Dataset.records([...inputs]).map(decodeSample);
}

/**
 * The same samples in a different order for each epoch. `state()` of an iterator, passed to `resume`,
 * continues an epoch.
 */
export function trainingBatches(
  inputs: readonly string[],
  batchSize: number,
  seed: number,
): Dataset<Sample[]> {
  return readSamples(inputs).shuffle(1000, { seed }).batch(batchSize).prefetch(2);
}

function decodeSample(record: Uint8Array): Sample {
  const { id, point, tags } = plan.parse(record);
  const [x, y] = point;
  if (x === undefined || y === undefined) throw new RangeError('point: expected 2 values');
  return { id, point: [x, y], tags };
}
