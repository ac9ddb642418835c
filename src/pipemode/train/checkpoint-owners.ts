/**
 * Records which host wrote each checkpoint. All hosts of a job share one address, so a host must
 * not delete another host's checkpoint, and two hosts that write the same name cause a warning.
 */
export class CheckpointOwners {
  readonly #owners = new Map<string, string>();
  /** Names that several hosts wrote. */
  readonly #clashes = new Set<string>();

  /**
   * Makes a host the owner of a name.
   * @returns a warning, once per name, if another host has already written this name
   */
  claim(name: string, host: string): string | undefined {
    const owner = this.#owners.get(name);
    this.#owners.set(name, host);
    if (owner === undefined || owner === host || this.#clashes.has(name)) return undefined;
    this.#clashes.add(name);
    const [a, b] = [owner, host].sort();
    return `${a} and ${b} both write the checkpoint ${name}, so only the last version is kept; use distinct names on each host, for example with SM_CURRENT_HOST`;
  }

  /** Records that a checkpoint was restored, so that every host has it and no host owns it. */
  release(name: string): void {
    this.#owners.delete(name);
  }

  /**
   * Reports whether a host that deleted its file may delete the stored checkpoint. False if another
   * host has written the checkpoint since.
   */
  mayRemove(name: string, host: string): boolean {
    const owner = this.#owners.get(name) ?? host;
    if (owner === host) this.#owners.delete(name);
    return owner === host;
  }
}
