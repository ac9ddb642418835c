/**
 * Distributed runs: plans, shards, and mergeable reports. This module contains no scheduler: an
 * engine starts the processes and assigns each a number. The plan and this number determine the
 * work of a process. The reports of all processes can be merged into one.
 *
 * @module
 */
export { assign } from './assign.ts';
export type { ReadText, ShardEngine, Variables } from './engines.ts';
export { type MergedReportFiles, mergeReportFiles, mergeReports } from './merge-reports.ts';
export { type PlanWriteOptions, readPlan, type ShardPlan, uncut, writePlan } from './plan.ts';
export { type PlanOptions, planShards } from './plan-shards.ts';
export { findReports, isReport, readReport, reportText, writeReport } from './report-files.ts';
export { MAX_SHARDS, parseShard, type Shard, type ShardChoice, shardList } from './shard.ts';
export { type EnvironmentShard, engineText, shardFromEnvironment } from './shard-from-environment.ts';
export {
  type DoneFile,
  type DoneFiles,
  missingShards,
  type PlanSummary,
  reportName,
  type ShardCommand,
  type ShardPart,
  type ShardReport,
  type ShardResults,
  type ShardSettings,
  shardReport,
} from './shard-report.ts';
export { checkedFile, type TotalReport, type TotalResults, totalReport } from './total-report.ts';
