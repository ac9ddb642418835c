// Prints an annotation for each finding of a report of `recordpipe validate`, and adds the totals to
// the summary of the job.
import { appendFileSync, readFileSync } from 'node:fs';

const { files, totals } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
for (const { uri, errors } of files)
  for (const { code, message } of errors)
    console.log(`::error file=${property(uri)},title=${property(code)}::${text(message)}`);

const summary = `### Record files\n\nFiles: ${totals.files}, records: ${totals.records}, invalid files: ${totals.bad}\n`;
appendFileSync(process.env.GITHUB_STEP_SUMMARY, summary);

/** Escapes the message of a workflow command. */
function text(value) {
  return value.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** Escapes a property of a workflow command. */
function property(value) {
  return text(value).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
