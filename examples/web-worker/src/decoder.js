// The worker. The first message has the file; each message requests a batch.
import { isRecordpipeError, readTFRecordBatches } from 'recordpipe';
import { compileFeatures, fixedLen } from 'recordpipe/messages';

const plan = compileFeatures(
  { label: fixedLen([], 'int64'), score: fixedLen([], 'float') },
  { int64: 'number' },
);

let batches;

self.addEventListener('message', async ({ data: { file } }) => {
  if (file !== undefined) batches = readTFRecordBatches(file)[Symbol.asyncIterator]();
  try {
    const { done, value: batch } = await batches.next();
    if (done) {
      self.postMessage({ done });
      return;
    }
    const { label, score } = plan.parseBatch(batch);
    const columns = { labels: label.values, scores: score.values };
    // Moves the arrays to the page instead of copying them. The records themselves stay here.
    self.postMessage({ columns }, [columns.labels.buffer, columns.scores.buffer]);
  } catch (error) {
    if (!isRecordpipeError(error)) throw error;
    // Structured cloning would lose the code of the error.
    const { code, message, record, offset } = error;
    self.postMessage({ error: { code, message, record, offset } });
  }
});
