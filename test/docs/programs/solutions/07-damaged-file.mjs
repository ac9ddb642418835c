import { repairFile } from 'recordpipe/transform';

const { findings, output } = await repairFile('damaged.tfrecord', 'valid.tfrecord');
for (const { code, record, offset } of findings) console.log(JSON.stringify({ code, record, offset }));
console.log(output.records);
