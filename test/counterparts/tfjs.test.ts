import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { Dataset } from '../../src/dataset/index.ts';
import { encodeTFRecord } from '../../src/index.ts';
import { PipeModeDataset } from '../../src/pipemode/index.ts';
import { channelPlace, ended, makePipes, writeInto } from '../pipemode/reader/channel-place.ts';
import { tempDir } from '../support/temp-dir.ts';
import { missingCounterpart } from './counterpart.ts';

/** The part of TensorFlow.js that the tests use. */
interface Tensor {
  readonly shape: readonly number[];
  dataSync(): ArrayLike<number>;
  dispose(): void;
}
interface TfCore {
  enableProdMode(): void;
  tensor1d(values: Uint8Array, dtype: 'int32'): Tensor;
  memory(): { numTensors: number };
}
interface TfDataset<T> {
  map<U>(change: (element: T) => U): TfDataset<U>;
  batch(size: number): TfDataset<T>;
  prefetch(count: number): TfDataset<T>;
  forEachAsync(visit: (element: T) => void): Promise<void>;
}
interface TfData {
  generator<T>(iterator: () => AsyncIterator<T>): TfDataset<T>;
}

const missing = missingCounterpart('npm');

describe.skipIf(missing !== undefined)('tf.data.generator of TensorFlow.js, two epochs', () => {
  const folder = tempDir();
  const load = (): { tf: TfCore; data: TfData } => {
    const require = createRequire(new URL('../../bench/against/package.json', import.meta.url));
    const tf = require('@tensorflow/tfjs-core') as TfCore;
    tf.enableProdMode(); // Disables messages.
    require('@tensorflow/tfjs-backend-cpu');
    return { tf, data: require('@tensorflow/tfjs-data') as TfData };
  };
  /** Returns the contents of a batch and disposes its tensor. */
  const taken = (tensor: Tensor): { shape: readonly number[]; values: number[] } => {
    const { shape } = tensor;
    const values = Array.from(tensor.dataSync());
    tensor.dispose();
    return { shape, values };
  };

  test('over a Dataset of samples, reshuffled in each epoch', async () => {
    const { tf, data } = load();
    const before = tf.memory().numTensors;
    const samples = Dataset.range(10)
      .shuffle(10, { seed: 1 })
      .map((n) => ({ xs: [n, 2 * n], ys: 3 * n }));
    const training = data.generator(() => samples[Symbol.asyncIterator]()).batch(4) as unknown as TfDataset<{
      xs: Tensor;
      ys: Tensor;
    }>;
    const epochs: number[][] = [];
    for (let epoch = 0; epoch < 2; epoch++) {
      const numbers: number[] = [];
      const shapes: (readonly number[])[] = [];
      await training.forEachAsync((batch) => {
        const [xs, ys] = [taken(batch.xs), taken(batch.ys)];
        shapes.push(xs.shape);
        for (const [i, y] of ys.values.entries()) {
          expect(xs.values.slice(2 * i, 2 * i + 2)).toEqual([y / 3, (2 * y) / 3]);
          numbers.push(y / 3);
        }
      });
      expect(shapes).toEqual([
        [4, 2],
        [4, 2],
        [2, 2],
      ]);
      expect(numbers.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      epochs.push(numbers);
    }
    expect(epochs[1]).not.toEqual(epochs[0]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('over a PipeModeDataset, one pipe per epoch; prefetched records do not change', async () => {
    const { tf, data } = load();
    const place = channelPlace();
    const sizeOf = 1000;
    const records = (epoch: number): Uint8Array[] =>
      Array.from({ length: 300 }, (_, k) => new Uint8Array(sizeOf).fill(k + epoch));
    const dataset = new PipeModeDataset('train', { ...place.dirs, recordFormat: 'TFRecord' });
    const training = data
      .generator(() => dataset[Symbol.asyncIterator]())
      .map((record) => tf.tensor1d(record, 'int32'))
      .prefetch(50)
      .batch(128);
    for (let epoch = 0; epoch < 2; epoch++) {
      const file = folder.file(
        `epoch-${epoch}`,
        Buffer.concat(records(epoch).map((one) => encodeTFRecord(one))),
      );
      makePipes(place.pipe(epoch));
      const writer = writeInto(place.pipe(epoch), file);
      const seen: number[] = [];
      const shapes: (readonly number[])[] = [];
      await training.forEachAsync((batch) => {
        const { shape, values } = taken(batch);
        shapes.push(shape);
        for (const value of values) seen.push(value);
      });
      expect(shapes).toEqual([
        [128, sizeOf],
        [128, sizeOf],
        [44, sizeOf],
      ]);
      expect(Buffer.from(seen).equals(Buffer.concat(records(epoch)))).toBe(true);
      expect(await ended(writer)).toBe(0);
    }
    expect(place.state()).toBe('2');
  });
});
