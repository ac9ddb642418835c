/**
 * Yields batches of columns, `{ labels: Float64Array, scores: Float32Array }`, of a file of Examples.
 * A worker reads and decodes the file. It decodes the next batch when this thread requests it, so
 * that batches do not pile up.
 */
export async function* readColumns(file) {
  const worker = new Worker(new URL('./decoder.js', import.meta.url), { type: 'module' });
  const ask = (request) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(`the worker failed: ${message}`));
      worker.postMessage(request);
    });
  try {
    // A File is a reference, so this copies no data.
    for (let answer = await ask({ file }); !answer.done; answer = await ask({})) {
      if (answer.error !== undefined) throw Object.assign(new Error(answer.error.message), answer.error);
      yield answer.columns;
    }
  } finally {
    worker.terminate();
  }
}
