import { faultyS3 } from './index.ts';

/**
 * A server in its own process. Reads options as one line of JSON from standard input, prints its
 * URL, and runs until its input ends.
 */
let text = '';
let started = false;
process.stdin.setEncoding('utf8');
process.stdin.on('data', async (chunk: string) => {
  text += chunk;
  const end = text.indexOf('\n');
  if (started || end < 0) return;
  started = true;
  const server = await faultyS3(JSON.parse(text.slice(0, end)));
  process.stdout.write(`${JSON.stringify({ url: server.url, port: server.port })}\n`);
});
process.stdin.on('end', () => process.exit(0));
