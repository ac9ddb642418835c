/** The processes that the peers' programs run in, each started when it is first asked for and kept until the end. */

import { fileURLToPath } from 'node:url';
import { availablePeers, startPeer } from './against/peer.mjs';

const OURS = fileURLToPath(new URL('subjects/recordpipe.mjs', import.meta.url));

export class Peers {
  #running = new Map();
  #peers = new Map(availablePeers().map((peer) => [peer.name, peer]));

  /** @param {string | undefined} core where whoever is kept on one core runs */
  constructor(core) {
    this.core = core;
  }

  /** Why a peer cannot take part; undefined when it can. */
  reason(name) {
    const peer = this.#peers.get(name);
    return peer?.available ? undefined : (peer?.reason ?? 'no such peer');
  }

  /** A peer's process: one kept on one core and one that is not. */
  async get(name, cores) {
    const key = `${name} ${cores}`;
    if (!this.#running.has(key)) {
      const { command, args } = this.#peers.get(name);
      this.#running.set(key, startPeer(command, args, this.#placement(cores)));
    }
    const peer = this.#running.get(key);
    const { version } = await peer.ready;
    return { version, call: (request) => peer.call(request) };
  }

  /** A fresh process of recordpipe's own, which its user closes. */
  async fresh(cores) {
    const peer = startPeer(process.execPath, [OURS], this.#placement(cores));
    const { version } = await peer.ready;
    return { version, call: (request) => peer.call(request), close: () => peer.close() };
  }

  async closeAll() {
    for (const peer of this.#running.values()) await peer.close();
    this.#running.clear();
  }

  #placement(cores) {
    return cores === 'one' ? { cpu: this.core } : {};
  }
}
