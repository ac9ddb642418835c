// Replaces the worker of src/check: exits on files whose names request it, and reports other files
// as valid.
import { parentPort } from 'node:worker_threads';

parentPort.on('message', ({ job, content }) => {
  const { path } = content.input ?? content;
  if (path.includes('exit')) process.exit(7);
  if (path.includes('throw')) throw new TypeError('out of luck');
  if (path.includes('memory')) exhaust();
  if (path.includes('bug')) parentPort.postMessage({ job, error: new TypeError('a bug') });
  else if (!path.includes('hang')) parentPort.postMessage({ job, result: { uri: path, ok: true } });
});
parentPort.postMessage('recordpipe: ready');

function exhaust() {
  const held = [];
  for (;;) held.push(new Array(1e6).fill(held.length));
}
