import { createServer } from 'node:http';
import { buildIndex, openIndexed } from 'recordpipe/records/indexes';

const path = 'data/part-0.tfrecord';
await buildIndex(path);
const records = await openIndexed(path);

const server = createServer(async ({ url }, response) => {
  const number = /^\/records\/(\d+)$/.exec(url)?.[1];
  if (number === undefined || Number(number) >= records.length) {
    response.writeHead(404).end();
    return;
  }
  try {
    response.end(await records.get(Number(number)));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.once('SIGTERM', () => {
  server.closeAllConnections();
  server.close(() => records.close());
});
