import { runChains } from './chains.mjs';
import { runChannelTimes } from './channel-times.mjs';
import { runColumns } from './columns.mjs';
import { runDatasets } from './datasets.mjs';
import { runExamples } from './examples.mjs';
import { runFiles } from './files.mjs';
import { runImages } from './images.mjs';
import { runIndexes } from './index-files.mjs';
import { runKernels } from './kernel.mjs';
import { runMemory } from './memory.mjs';
import { runPipes } from './piping.mjs';
import { runProcesses } from './process.mjs';
import { runReading } from './reading.mjs';
import { runS3 } from './s3.mjs';
import { runSeveral } from './several.mjs';
import { runShards } from './shards.mjs';
import { runStats } from './stats.mjs';
import { runStreaming } from './streaming.mjs';
import { runTraining } from './train.mjs';
import { runWriting } from './writing.mjs';

/** The function that runs each group of cases, in the order in which the groups run. */
export const GROUPS = [
  ['images', runImages],
  ['process', runProcesses],
  ['kernel', runKernels],
  ['read', runReading],
  ['several', runSeveral],
  ['files', runFiles],
  ['write', runWriting],
  ['index', runIndexes],
  ['pipe', runPipes],
  ['channels', runChannelTimes],
  ['s3', runS3],
  ['stream', runStreaming],
  ['train', runTraining],
  ['dataset', runChains],
  ['datasets', runDatasets],
  ['memory', runMemory],
  ['example', runExamples],
  ['columns', runColumns],
  ['stats', runStats],
  ['shards', runShards],
];
