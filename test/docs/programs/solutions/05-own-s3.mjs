import { validateFiles } from 'recordpipe/check';

const { STORE_URL, STORE_KEY, STORE_SECRET } = process.env;
const objects = {
  endpointUrl: STORE_URL,
  region: 'us-east-1',
  credentials: { accessKeyId: STORE_KEY, secretAccessKey: STORE_SECRET },
};
const report = await validateFiles('s3://bucket/train/', { objects });
const lines = report.files.map(
  ({ uri, ok, records, errors }) => `${uri} ${ok ? `ok ${records}` : errors[0].code}`,
);
for (const line of lines.sort()) console.log(line);
