/**
 * Returns a command that runs `command` with `root` as its `/opt/ml`, without root rights and
 * without a change that other processes can see.
 *
 * @returns undefined if this host does not allow it
 */
export function privateRootCommand(
  _root: string,
  _command: readonly string[],
): readonly string[] | undefined {
  return undefined;
}
