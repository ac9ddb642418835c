/**
 * Shuffles a file in its own process: `node bench/subjects/shuffle.mjs FILE OUTPUT MEMORY_BYTES`.
 * Prints the number of records.
 */

import { shuffleFile } from 'recordpipe/transform';

const [path, target, memoryBytes] = process.argv.slice(2);
const { output } = await shuffleFile(path, target, { seed: 7, memoryBytes: Number(memoryBytes) });
console.log(output.records);
