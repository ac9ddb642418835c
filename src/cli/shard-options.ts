import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from 'recordpipe/errors';
import type { ShardChoice } from 'recordpipe/shards';

/** Options of the commands whose work can be divided. */
export interface ShardCommandOptions {
  readonly shard?: ShardChoice;
  readonly plan?: string;
  readonly report?: string;
}

/** Whether the work is to be divided, or was planned. */
export function isSharded({ shard, plan }: ShardCommandOptions): boolean {
  return shard !== undefined || plan !== undefined;
}

/** What a command says that has nothing to do. */
export function noInputs(): UsageError {
  return new UsageError("missing required argument 'inputs' (or a --plan)");
}

const GROUP = 'More than one machine:';

/** MAX_SHARDS of recordpipe/shards, which is not loaded at start-up. */
const MAX_SHARDS = 100_000;

/** What `--shard` takes. Not read by the library: only who divides the work loads that. */
const SHARD = /^(?:auto|\d{1,9})(?:\/\d{1,9})?$/;

/** Adds them. @param report what `--report` writes */
export function withShardOptions(command: Command, report?: string): Command {
  const options = [
    new Option(
      '--shard <i/n>',
      'do this part of the work alone, counted from 0; auto: the one that the environment says (AWS Batch, Kubernetes, SageMaker, Slurm, RANK and WORLD_SIZE); auto/n: of so many',
    ).argParser(shardOption),
    new Option('--plan <file>', 'the work, as recordpipe plan has written it, instead of inputs'),
    new Option(
      '--report <file>',
      report ??
        'with --shard or --plan: write what was found, for recordpipe merge; into a folder/ or s3://bucket/prefix/ under a name of its own',
    ),
  ];
  for (const option of options) command.addOption(option.helpGroup(GROUP));
  return command;
}

function shardOption(text: string): ShardChoice {
  const [which, count] = text.split('/');
  const shards = count === undefined ? undefined : Number(count);
  if (!SHARD.test(text) || shards === 0 || (which !== 'auto' && shards === undefined))
    throw new InvalidArgumentError('Expected i/n (like 0/8), auto or auto/n.');
  if (shards !== undefined && shards > MAX_SHARDS)
    throw new InvalidArgumentError(`Expected at most ${MAX_SHARDS} shards.`);
  if (which === 'auto') return { auto: true, shards };
  if (Number(which) < shards!) return { shard: Number(which), shards: shards! };
  throw new InvalidArgumentError(
    `Expected 0/${shards} to ${shards! - 1}/${shards}: shards are counted from 0.`,
  );
}
