import { validateFiles } from 'recordpipe/check';

const report = await validateFiles('data/', { maxErrors: Infinity });
const findings = report.files.flatMap(({ uri, errors }) =>
  errors.map(({ code, record, offset }) => ({ uri, code, record, offset })),
);
findings.sort((a, b) => (a.uri < b.uri ? -1 : a.uri > b.uri ? 1 : a.record - b.record));
for (const { uri, code, record, offset } of findings)
  console.log(`::error file=${uri},title=${code}::record ${record} at byte ${offset}`);
process.exitCode = findings.length > 0 ? 1 : 0;
