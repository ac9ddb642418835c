import { isRecordpipeError } from 'recordpipe/errors';
import type { HostPlan, TrainingEvent, TrainingPlan, TrainingResult } from 'recordpipe/pipemode/train';
import { resumedLine, STUCK_WARNINGS, warningInCliWords } from './stream-warnings.ts';
import { formatBytes, formatNumberOf, formatRate, formatSeconds, visible } from './text/format.ts';

/**
 * Formats an event of a training job as a line for people. Returns undefined for events that are
 * only for programs.
 * @param isShared whether the job has several hosts, so that lines need a host name
 */
export function eventText(event: TrainingEvent, isShared: boolean): string | undefined {
  switch (event.event) {
    case 'warning': {
      const where = [isShared ? event.host : undefined, event.channel].filter((part) => part !== undefined);
      return `warning: ${[...where, warningInCliWords(event.message)].join(': ')}`;
    }
    case 'filled': {
      const { channel, files, bytes, seconds, inputMode } = event;
      const size = `${formatNumberOf(files, 'file')}, ${formatBytes(bytes)} in ${formatSeconds(seconds)}`;
      const parts = [size, formatRate(bytes, seconds)].filter((part) => part !== undefined);
      return onHost(event, isShared, `${channel}: ${parts.join(', ')} (${inputMode} mode)`);
    }
    case 'restored':
      return onHost(
        event,
        isShared,
        `restored ${formatNumberOf(event.files, 'checkpoint file')}, ${formatBytes(event.bytes)}`,
      );
    case 'resumed':
      return onHost(event, isShared, resumedLine(event));
    case 'status':
      return event.reason !== undefined && CONTINUING.has(event.status)
        ? `${event.status}: ${event.reason}`
        : undefined;
    default:
      return undefined;
  }
}

/** Reports whether an event is a warning that a program may wait forever, which is always printed. */
export function isUrgent(event: TrainingEvent): boolean {
  return event.event === 'warning' && STUCK_WARNINGS.has(event.code);
}

/** Statuses after which another attempt follows. */
const CONTINUING: ReadonlySet<string> = new Set(['Interrupted', 'Starting']);

function onHost({ host }: { readonly host: string }, isShared: boolean, text: string): string {
  return isShared ? `${host}: ${text}` : text;
}

/** Formats the result of a job for people: its status and details. */
export function resultLines(result: TrainingResult): string[] {
  const { name, status, secondaryStatus, reason, error, failureReason, attempts, seconds, artifacts, hosts } =
    result;
  const state = secondaryStatus === status ? status : `${status} (${secondaryStatus})`;
  const tries = attempts === 1 ? '' : ` and ${attempts} attempts`;
  const lines = [`job ${name}: ${state} after ${formatSeconds(seconds)}${tries}`];
  // If there is an error, it is printed later with its next step.
  if (status !== 'Completed' && error === undefined) lines.push(`  reason: ${reason}`);
  if (failureReason !== undefined) lines.push(`  failure: ${failureReason.replaceAll('\n', '\n    ')}`);
  if (artifacts.model !== undefined) lines.push(`  model: ${artifacts.model}`);
  if (artifacts.output !== undefined) lines.push(`  output: ${artifacts.output}`);
  if (artifacts.model === undefined && hosts.some(({ exitCode }) => exitCode !== undefined))
    lines.push(`  model and output: ${hosts.map(({ root }) => root).join(', ')}`);
  return lines;
}

/** Returns the result of a job as a JSON object, without the points of metrics. */
export function resultJson(result: TrainingResult): object {
  const { error, metrics, ...rest } = result;
  return {
    event: 'result',
    ...rest,
    error: isRecordpipeError(error) ? error.toJSON() : null,
    metrics: metrics.metrics.map(({ points, ...series }) => series),
  };
}

/** Formats the plan of a job for people. */
export function planText(plan: TrainingPlan): string {
  const lines = [`job          ${plan.name}`];
  if (plan.image !== undefined) lines.push(`image        ${plan.image}`);
  const limit = plan.maxRuntimeSeconds;
  if (limit !== undefined)
    lines.push(
      `time limit   ${formatSeconds(limit)}, then SIGTERM and, ${formatSeconds(plan.graceSeconds)} later, SIGKILL`,
    );
  if (plan.spot) lines.push('spot         yes');
  if (plan.maxRetries > 0) lines.push(`retries      ${plan.maxRetries}`);
  if (plan.checkpoint !== undefined)
    lines.push(`checkpoints  ${plan.checkpoint.localPath} <-> ${plan.checkpoint.uri}`);
  if (plan.output !== undefined) lines.push(`output       ${plan.output.uri} (${plan.output.compression})`);
  for (const { name, regex } of plan.metricDefinitions) lines.push(`metric       ${name}: ${regex}`);
  const all = [...lines, ...plan.hosts.flatMap((host) => ['', ...hostLines(host, plan.hosts[0])])];
  return `${all.map(visible).join('\n')}\n`;
}

/**
 * Formats the plan of a host.
 * @param first the host whose variables are all listed; for other hosts, only differences are
 *   listed
 */
function hostLines(host: HostPlan, first: HostPlan): string[] {
  const { name, root, optMl, command, workingDir, channels, variables, instanceGroup, instanceType } = host;
  return [
    `host ${name} (${instanceGroup}, ${instanceType})`,
    `  /opt/ml    ${root}${optMl ? '' : ' (the program sees this path instead of /opt/ml)'}`,
    `  program    ${command.length === 0 ? "the image's entry point, with the argument train" : command.map(word).join(' ')}`,
    `  in         ${workingDir}`,
    ...channels.flatMap((channel) => [
      `  channel    ${channel.name}: ${channel.inputMode}, ${channel.uri}`,
      `             ${channel.dataType}, ${channel.distribution} -> ${channel.path}`,
    ]),
    ...Object.entries(variables)
      .filter(([variable, value]) => host === first || first.variables[variable] !== value)
      .map(([variable, value]) => `  variable   ${variable}=${value}`),
  ];
}

/** Quotes a word for a shell if necessary. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
