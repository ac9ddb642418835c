import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { validateFiles } from 'recordpipe/check';
import { isRecordpipeError } from 'recordpipe/errors';

/** GET /api/datasets/NAME validates all record files of the folder NAME in DATASETS_DIR. */
export async function GET(request, { params }) {
  const { name } = await params;
  // Rejects .. and everything else that is not the name of a folder.
  if (!/^[\w-]+$/.test(name)) return problem(400, `invalid name: ${name}`);
  // The comment stops Turbopack from adding all files of the project to the build.
  const folder = join(/* turbopackIgnore: true */ process.env.DATASETS_DIR ?? 'datasets', name);
  if (!existsSync(folder)) return problem(404, `no dataset has the name ${name}`);
  try {
    // If the client disconnects, the signal stops the run.
    const { ok, totals, files } = await validateFiles(folder, { signal: request.signal });
    const findings = files.flatMap(({ errors }) => errors);
    // A file that cannot be read says nothing about the data.
    return Response.json({ ok, totals, findings }, { status: totals.unreadable > 0 ? 503 : 200 });
  } catch (error) {
    if (isRecordpipeError(error, 'not-found')) return problem(404, `${name} has no record files`);
    if (isRecordpipeError(error, 'aborted')) return problem(499, 'the client disconnected');
    throw error; // Next logs it and responds with 500.
  }
}

function problem(status, message) {
  return Response.json({ error: message }, { status });
}
