// A training program that reads images and labels from a Pipe mode channel for two epochs. Run by
// demo.mjs.
import { join } from 'node:path';
import { PipeModeDataset } from 'recordpipe/pipemode';

const input = process.env.SM_INPUT_DIR;
const channel = new PipeModeDataset('train', {
  recordFormat: 'RecordIO',
  pipeDir: join(input, 'data'),
  stateDir: process.env.SM_MODEL_DIR,
  configDir: join(input, 'config'),
});
const tuples = channel.batch(2).map(([image, label]) => [sizeOf(image), new TextDecoder().decode(label)]);
for (const epoch of [0, 1])
  for (const [size, label] of await tuples.toArray())
    console.log(`epoch ${epoch}: (PNG ${size}, label ${label})`);

function sizeOf(png) {
  const at = new DataView(png.buffer, png.byteOffset, png.byteLength);
  return `${at.getUint32(16)} x ${at.getUint32(20)}`;
}
