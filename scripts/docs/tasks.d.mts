/** A group of the API reference. */
export interface Task {
  /** Name of its page. */
  readonly page: string;
  readonly title: string;
  readonly about: string;
  /** Names by the subpath from which readers should import them. */
  readonly exports: Readonly<Record<string, readonly string[]>>;
}

/** The groups, in the order of the reference. */
export const TASKS: readonly Task[];
