/**
 * A relay that adds latency. `node bench/s3/delay.mjs PORT MILLISECONDS` listens on a free port,
 * prints it, and forwards each chunk after half of that time in either direction. Exits when stdin
 * ends.
 */

import { connect, createServer } from 'node:net';

const [port, milliseconds] = process.argv.slice(2).map(Number);

const server = createServer({ noDelay: true, pauseOnConnect: true }, (near) => {
  const far = connect({ port, host: '127.0.0.1', noDelay: true });
  late(near, far);
  late(far, near);
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => console.log(server.address().port));
process.stdin.once('end', () => process.exit()).resume();

/** Chunks stay in order because timers of equal duration fire in order. */
function late(from, to) {
  from.on('data', (piece) => setTimeout(() => to.write(piece), milliseconds / 2));
  from.on('end', () => setTimeout(() => to.end(), milliseconds / 2));
  from.on('error', () => to.destroy());
  from.resume();
}
