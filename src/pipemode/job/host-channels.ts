import type { JobChannel, JobHost, TrainingRequest } from './training-request.ts';

/** Returns the channels that a host of the job receives. */
export function hostChannels({ channels }: TrainingRequest, { group }: JobHost): readonly JobChannel[] {
  return channels.filter(
    ({ instanceGroups }) => instanceGroups.length === 0 || instanceGroups.includes(group.name),
  );
}
