import { readRecords } from 'recordpipe';

let records = 0;
let bytes = 0;
let longest = 0;
for await (const record of readRecords('data/', { reuse: true })) {
  records++;
  bytes += record.length;
  longest = Math.max(longest, record.length);
}
console.log(records, bytes, longest);
