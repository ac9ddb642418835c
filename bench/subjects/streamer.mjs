/**
 * A streamer: `node bench/subjects/streamer.mjs JSON` of what PipeModeStreamer takes. Prints when it began to run (nanoseconds of the clock that all processes
 * share), then when all channels are ready; stops with its stdin.
 */

import { PipeModeStreamer } from 'recordpipe/pipemode/streamer';

const streamer = new PipeModeStreamer(JSON.parse(process.argv[2]));
process.stdin.once('end', () => streamer.stop()).resume();
console.log(`began ${process.hrtime.bigint()}`);
const running = streamer.run();
streamer.ready.then(() => console.log('ready'));
try {
  await running;
} catch (error) {
  if (error.code !== 'aborted') throw error;
}
