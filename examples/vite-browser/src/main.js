import { isRecordpipeError, scanRecords } from 'recordpipe';

const MAX_ERRORS = 20;
const [drop, input, progress, result, errors] = ['drop', 'file', 'progress', 'result', 'errors'].map((id) =>
  document.getElementById(id),
);

input.addEventListener('change', () => check(input.files[0]));
drop.addEventListener('dragover', (event) => event.preventDefault());
drop.addEventListener('drop', (event) => {
  event.preventDefault();
  check(event.dataTransfer.files[0]);
});

/** Stops the check of the previous file. */
let running = new AbortController();

async function check(file) {
  running.abort();
  if (file === undefined) return;
  running = new AbortController();
  const { signal } = running;
  show(`Checking ${file.name} …`);
  progress.hidden = false;
  progress.max = file.size;
  const onProgress = (bytes) => {
    progress.value = bytes;
  };
  try {
    const scan = await scanRecords(file, { maxErrors: MAX_ERRORS, onProgress, signal });
    const { records, format, compression, errorCount, errors: found } = scan;
    const verdict = errorCount === 0 ? 'valid' : 'invalid';
    show(
      `${file.name}: ${verdict} (records: ${records}, format: ${format}, compression: ${compression})`,
      found,
    );
  } catch (error) {
    if (signal.aborted) return; // Another file is being checked.
    // The format is unknown, or the browser cannot read the file. Anything else is a bug.
    show(`${file.name} could not be checked`, [error]);
    if (!isRecordpipeError(error)) throw error;
  }
  progress.hidden = true;
}

function show(text, list = []) {
  result.textContent = text;
  errors.replaceChildren(
    ...list.map(({ message }) => Object.assign(document.createElement('li'), { textContent: message })),
  );
}
