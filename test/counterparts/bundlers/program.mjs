// The bundled program: validates files and maps numbers, both on worker threads.

import { validateFiles } from 'recordpipe/check';
import { Dataset } from 'recordpipe/dataset';

async function main() {
  const [files, square] = JSON.parse(process.argv[2]);
  const { ok, totals } = await validateFiles(files, { jobs: 2 });
  const squares = await Dataset.range(4).mapInWorkers(square, { workers: 2 }).toArray();
  console.log(JSON.stringify({ ok, records: totals.records, squares }));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
