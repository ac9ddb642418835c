import type { JobChannel, JobHost, TrainingRequest } from './training-request.ts';

/** Returns the channels of a job that a host receives. */
export function hostChannels({ channels }: TrainingRequest, { group }: JobHost): readonly JobChannel[] {
  return channels.filter(
    ({ instanceGroups }) => instanceGroups.length === 0 || instanceGroups.includes(group.name),
  );
}
