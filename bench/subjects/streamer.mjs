/**
 * Runs a streamer: `node bench/subjects/streamer.mjs JSON` with the options of PipeModeStreamer.
 * Prints the start time in nanoseconds of the system-wide monotonic clock, then `ready` when all
 * channels are ready. Stops when stdin ends.
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
