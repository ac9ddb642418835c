// Waits on channels without pipes or writers. On request, aborts the waits and then exits on its own.
import { join } from 'node:path';
import { PipeModeDataset } from 'recordpipe/pipemode';

const [root, ...channels] = process.argv.slice(2);
const stop = new AbortController();
const options = {
  pipeDir: join(root, 'data'),
  stateDir: join(root, 'state'),
  configDir: join(root, 'config'),
};
const readings = channels.map((channel) =>
  new PipeModeDataset(channel, options).count({ signal: stop.signal }).catch((error) => error.code),
);
setTimeout(() => console.log('waiting'), 500);
process.stdin.once('data', async () => {
  stop.abort();
  const codes = await Promise.all(readings);
  console.log('aborted', codes.filter((code) => code === 'aborted').length);
  process.stdin.destroy();
});
