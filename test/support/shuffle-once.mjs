// Shuffles a file and prints its peak memory: node shuffle-once.mjs INPUT OUTPUT MEMORY_BYTES SEED
import { shuffleFile } from 'recordpipe/transform';

const [input, output, memoryBytes, seed] = process.argv.slice(2);
await shuffleFile(input, output, { memoryBytes: Number(memoryBytes), seed: Number(seed), overwrite: true });
process.stdout.write(String(process.resourceUsage().maxRSS * 1024));
