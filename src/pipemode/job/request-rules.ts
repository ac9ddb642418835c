import { duplicateIn } from './config-file.ts';
import { mistakesText } from './request-shape.ts';
import type { JobChannel, TrainingRequest } from './request-types.ts';

/** What the check of a training request found. */
export interface RuleFindings {
  /** All mistakes in one sentence. */
  readonly mistake: string | undefined;
  readonly warnings: readonly string[];
}

const MAX_CHANNELS = 20;

/** Checks what AWS requires of the fields of a request together. */
export function checkRules(request: TrainingRequest): RuleFindings {
  const { channels, hyperparameters, spot, maxWaitSeconds, maxRuntimeSeconds } = request;
  const mistakes: string[] = [];
  const warnings: string[] = [];
  if (channels.length > MAX_CHANNELS)
    mistakes.push(`expected at most ${MAX_CHANNELS} channels, got ${channels.length}`);
  checkNames(channels, mistakes);
  for (const channel of channels) checkChannel(channel, request, mistakes, warnings);
  if (maxWaitSeconds !== undefined && !spot)
    mistakes.push('MaxWaitTimeInSeconds is only for jobs with EnableManagedSpotTraining');
  // AWS does not say what it compares if MaxRuntimeInSeconds is missing.
  if (maxWaitSeconds !== undefined && maxRuntimeSeconds !== undefined && maxWaitSeconds < maxRuntimeSeconds)
    mistakes.push(
      `MaxWaitTimeInSeconds: expected at least MaxRuntimeInSeconds (${maxRuntimeSeconds}), got ${maxWaitSeconds}`,
    );
  const sameVariable = duplicateIn(Object.keys(hyperparameters).map((name) => name.toUpperCase()));
  if (sameVariable !== undefined)
    warnings.push(
      `HyperParameters: two names differ only in case and share the variable SM_HP_${sameVariable}, which has the value of one of them`,
    );
  return { mistake: mistakesText(mistakes), warnings };
}

/**
 * Checks that names are unique. The API reference does not say whether AWS accepts names that
 * differ only in case; its toolkit gives them one variable, so one of the channels would be lost.
 */
function checkNames(channels: readonly JobChannel[], mistakes: string[]): void {
  const names = channels.map(({ name }) => name);
  const twice = duplicateIn(names);
  const sameVariable = duplicateIn(names.map((name) => name.toUpperCase()));
  if (twice !== undefined) mistakes.push(`two channels have the name ${twice}`);
  else if (sameVariable !== undefined) {
    const both = names.filter((name) => name.toUpperCase() === sameVariable).join(' and ');
    mistakes.push(`channels ${both} share the variable SM_CHANNEL_${sameVariable}; rename one`);
  }
}

function checkChannel(
  channel: JobChannel,
  { instanceGroups }: TrainingRequest,
  mistakes: string[],
  warnings: string[],
): void {
  const { name, inputMode, dataType, compression, recordWrapper, shuffleSeed } = channel;
  const where = `channel ${name}`;
  const known = instanceGroups.map((group) => group.name);
  const unknown = channel.instanceGroups.find((group) => !known.includes(group));
  if (unknown !== undefined)
    mistakes.push(`${where}: InstanceGroupNames: ${unknown} is not a group of the job (${known.join(', ')})`);
  if (inputMode === 'Pipe') return;
  const next = 'use InputMode Pipe, or';
  // CreateTrainingJob answers "File mode only supports NONE"; the reference says the same of
  // wrapping. It does not mention FastFile, in which nothing could decompress or wrap either.
  if (compression !== 'None')
    mistakes.push(
      `${where}: CompressionType ${compression} does not exist in ${inputMode} mode; ${next} remove it`,
    );
  if (recordWrapper !== 'None')
    mistakes.push(
      `${where}: RecordWrapperType ${recordWrapper} does not exist in ${inputMode} mode; ${next} remove it`,
    );
  if (dataType === 'AugmentedManifestFile') {
    if (inputMode === 'FastFile')
      mistakes.push(`${where}: FastFile mode does not support an AugmentedManifestFile; ${next} File`);
    // "Setting up training jobs to access datasets" allows it, API_S3DataSource does not.
    else
      warnings.push(
        `${where}: AWS documents an AugmentedManifestFile in File mode inconsistently; test the job there, or use InputMode Pipe`,
      );
  }
  // The reference describes shuffling only for Pipe mode, and does not forbid it in others.
  if (shuffleSeed !== undefined) warnings.push(`${where}: ShuffleConfig has no effect in ${inputMode} mode`);
}
