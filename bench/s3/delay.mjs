/**
 * A relay that adds latency. `node bench/s3/delay.mjs PORT MILLISECONDS` listens on a free port,
 * prints it, and forwards what clients send after that time. Responses are forwarded immediately: a
 * round trip takes as long as if each direction took half of the time, and the relay needs less of
 * the processor that it shares with the measured programs. Exits when stdin ends.
 */

import { connect, createServer } from 'node:net';

const [port, milliseconds] = process.argv.slice(2).map(Number);

const server = createServer({ noDelay: true, pauseOnConnect: true }, (near) => {
  const far = connect({ port, host: '127.0.0.1', noDelay: true });
  // Pieces stay in order because timers of equal duration fire in order.
  near.on('data', (piece) => setTimeout(() => far.write(piece), milliseconds));
  near.on('end', () => setTimeout(() => far.end(), milliseconds));
  near.on('error', () => far.destroy());
  near.resume();
  far.on('error', () => near.destroy());
  far.pipe(near);
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => console.log(server.address().port));
process.stdin.once('end', () => process.exit()).resume();
