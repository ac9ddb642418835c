import { PipeModeDataset } from 'recordpipe/pipemode';

const train = new PipeModeDataset('train', {
  attributes: ['image-ref', 'label'],
  configDir: 'ml/input/config',
  pipeDir: 'ml/input/data',
  stateDir: 'ml/state',
});
const text = new TextDecoder();
for (const epoch of [0, 1]) {
  for await (const batch of train.batch(2)) {
    const labels = batch.map(({ label }) => text.decode(label)).join(',');
    const bytes = batch.reduce((sum, pair) => sum + pair['image-ref'].length, 0);
    console.log(epoch, labels, bytes);
  }
}
