/**
 * More work than one machine does: plans, shards, and reports that merge. There is no scheduler: engines that start processes tell each of them its number, a plan and a number make
 * its work, and the reports of all make one.
 *
 * @module
 */
export { assign } from './assign.ts';
export type { ShardEngine, Variables } from './environment/claim.ts';
export type { ReadText } from './environment/shard-from-environment.ts';
export {
  type EnvironmentShard,
  engineText,
  type Shard,
  shardFromEnvironment,
} from './environment/shard-from-environment.ts';
export { type PlanWriteOptions, readPlan, type ShardPlan, uncut, writePlan } from './plan.ts';
export { type PlanOptions, planShards } from './plan-shards.ts';
export { type MergedReportFiles, mergeReportFiles } from './reports/merge-report-files.ts';
export { mergeReports, missingShards } from './reports/merge-reports.ts';
export { findReports, isReport, readReport, reportText, writeReport } from './reports/report-files.ts';
export {
  type DoneFile,
  type PlanSummary,
  reportName,
  type ShardCommand,
  type ShardPart,
  type ShardReport,
  type ShardResults,
  type ShardSettings,
  shardReport,
} from './reports/shard-report.ts';
export { checkedFile, type TotalReport, type TotalResults, totalReport } from './reports/total-report.ts';
export { MAX_SHARDS, parseShard, type ShardChoice, shardList } from './shard.ts';
