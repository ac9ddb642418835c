import { checkpointFolderMistake } from './checkpoint-folder.ts';
import { duplicateIn } from './config-file.ts';
import { mistakesText } from './request-shape.ts';
import type { JobChannel, TrainingRequest } from './request-types.ts';

/** Result of checking a training request. */
export interface RuleFindings {
  /** All mistakes as one sentence. Undefined if there are none. */
  readonly mistake: string | undefined;
  readonly warnings: readonly string[];
}

const MAX_CHANNELS = 20;

/** Checks AWS's rules that involve several fields of a request. */
export function checkRules(request: TrainingRequest): RuleFindings {
  const { channels, checkpoint, hyperparameters, spot, maxWaitSeconds, maxRuntimeSeconds } = request;
  const mistakes: string[] = [];
  const warnings: string[] = [];
  if (channels.length > MAX_CHANNELS)
    mistakes.push(`expected at most ${MAX_CHANNELS} channels, got ${channels.length}`);
  checkNames(channels, mistakes);
  for (const channel of channels) checkChannel(channel, request, mistakes, warnings);
  const folderMistake = checkpoint && checkpointFolderMistake(checkpoint.localPath);
  if (folderMistake !== undefined) mistakes.push(`CheckpointConfig.LocalPath (localPath): ${folderMistake}`);
  if (maxWaitSeconds !== undefined && !spot)
    mistakes.push(
      'MaxWaitTimeInSeconds requires EnableManagedSpotTraining; enable it (spot), or remove MaxWaitTimeInSeconds',
    );
  // AWS's documentation does not say what MaxWaitTimeInSeconds is compared with if
  // MaxRuntimeInSeconds is missing.
  if (maxWaitSeconds !== undefined && maxRuntimeSeconds !== undefined && maxWaitSeconds < maxRuntimeSeconds)
    mistakes.push(
      `MaxWaitTimeInSeconds: expected at least MaxRuntimeInSeconds (${maxRuntimeSeconds}), got ${maxWaitSeconds}`,
    );
  const sameVariable = duplicateIn(Object.keys(hyperparameters).map((name) => name.toUpperCase()));
  if (sameVariable !== undefined)
    warnings.push(
      `HyperParameters: two names differ only in case, so they share the variable SM_HP_${sameVariable}; rename one`,
    );
  return { mistake: mistakesText(mistakes), warnings };
}

/**
 * Checks that names are unique. The API reference does not say whether AWS accepts names that
 * differ only in case. AWS's toolkit maps them to the same variable, so one of the channels would
 * be lost.
 */
function checkNames(channels: readonly JobChannel[], mistakes: string[]): void {
  const names = channels.map(({ name }) => name);
  const twice = duplicateIn(names);
  const sameVariable = duplicateIn(names.map((name) => name.toUpperCase()));
  if (twice !== undefined) mistakes.push(`two channels have the name ${twice}; rename one`);
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
    mistakes.push(
      `${where}: InstanceGroupNames: unknown group ${unknown}; expected one of ${known.join(', ')}`,
    );
  if (inputMode === 'Pipe') return;
  const next = 'use InputMode Pipe (inputMode), or';
  // CreateTrainingJob answers "File mode only supports NONE"; the reference says the same of
  // wrapping. It does not mention FastFile, in which nothing could decompress or wrap either.
  if (compression !== 'None')
    mistakes.push(
      `${where}: CompressionType ${compression} is not supported in ${inputMode} mode; ${next} remove CompressionType`,
    );
  if (recordWrapper !== 'None')
    mistakes.push(
      `${where}: RecordWrapperType ${recordWrapper} is not supported in ${inputMode} mode; ${next} remove RecordWrapperType`,
    );
  if (dataType === 'AugmentedManifestFile') {
    if (inputMode === 'FastFile')
      mistakes.push(`${where}: FastFile mode does not support an AugmentedManifestFile; ${next} File`);
    // "Setting up training jobs to access datasets" allows it, but API_S3DataSource does not.
    else
      warnings.push(
        `${where}: AWS documents AugmentedManifestFile in File mode inconsistently; test the job on SageMaker, or use InputMode Pipe`,
      );
  }
  // The reference describes shuffling only for Pipe mode, but does not forbid it in other modes.
  if (shuffleSeed !== undefined) warnings.push(`${where}: ShuffleConfig has no effect in ${inputMode} mode`);
}
