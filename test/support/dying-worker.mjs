// Stands in for the worker of src/report: dies of the files whose names say so, and reports the others as good.
import { parentPort } from 'node:worker_threads';

parentPort.on('message', ({ id, input: { path } }) => {
  if (path.includes('exit')) process.exit(7);
  if (path.includes('throw')) throw new Error('out of luck');
  if (!path.includes('hang')) parentPort.postMessage({ id, report: { uri: path, ok: true } });
});
