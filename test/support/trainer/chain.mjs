// The dataset of the training job in train.mjs: two mixed and shuffled sources, 20 epochs.
import { Dataset } from 'recordpipe/dataset';

/** @param workers number of threads, or 0 to decode on this thread */
export async function batches(folder, workers) {
  const large = Dataset.files(`${folder}/large-*`).interleave((file) => Dataset.records(file), {
    cycleLength: 3,
  });
  const small = Dataset.records(`${folder}/small-*`).prefetch(8);
  const mixed = Dataset.mix(
    [
      { dataset: large.shuffle(50, { seed: 1 }), weight: 3 },
      { dataset: small.shuffle(20, { seed: 2 }), weight: 1 },
    ],
    { seed: 3, stop: 'all' },
  );
  const records = mixed.repeat(20).batch(8);
  const module = new URL('./decode.mjs', import.meta.url);
  if (workers > 0) return records.mapInWorkers(module, { workers });
  const { default: decode } = await import(module.href);
  return records.map(decode);
}
