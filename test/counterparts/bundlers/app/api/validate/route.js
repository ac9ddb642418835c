import { validateFiles } from 'recordpipe/check';
import { Dataset } from 'recordpipe/dataset';

export async function POST(request) {
  const [files, square] = await request.json();
  const { ok, totals } = await validateFiles(files, { jobs: 2 });
  const squares = await Dataset.range(4).mapInWorkers(square, { workers: 2 }).toArray();
  return Response.json({ ok, records: totals.records, squares });
}
