const actions: (() => void)[] = [];

/**
 * Runs `action` after each test file. Helpers use it instead of `afterAll`: files that share a
 * process load a helper once.
 */
export function afterFile(action: () => void): void {
  actions.push(action);
}

export function runAfterFile(): void {
  for (const action of actions) action();
}
