/**
 * Plans the listed objects, writes the plan, reads it as a worker does, and assigns its files to
 * shards. Prints the number of files and shards.
 */

import { assign, planShards, readPlan, writePlan } from 'recordpipe/scale';

const [endpointUrl, output, shards] = process.argv.slice(2);
const objects = { endpointUrl, anonymous: true, region: 'us-east-1' };
await writePlan(await planShards('s3://bench/train/', { objects }), output, { overwrite: true });
const assigned = assign(await readPlan(output), Number(shards));
console.log(
  JSON.stringify({ files: assigned.reduce((sum, files) => sum + files.length, 0), shards: assigned.length }),
);
