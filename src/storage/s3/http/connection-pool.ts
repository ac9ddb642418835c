import type { Receiver } from './connection.ts';
import { Connection, type ConnectionOptions, type Origin } from './connection.ts';

/** Connections to one origin. */
interface Place {
  /** The one that was used last is used first. */
  readonly idle: Connection[];
  /** Of the TLS connection before: the next one need not agree on keys anew. */
  session: Buffer | undefined;
}

/** Keeps connections for the next request, some seconds long. How many there are is for those to bound who send requests. */
export class ConnectionPool {
  readonly #options: ConnectionOptions;
  readonly #places = new Map<string, Place>();
  readonly #open = new Set<Connection>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /**
   * Sends a request.
   * @returns ends it, with its connection, if it is still under way
   */
  send(origin: Origin, request: string, receiver: Receiver): (error: Error) => void {
    const place = this.#place(origin);
    const connection = place.idle.pop() ?? this.#connect(origin, place);
    connection.send(request, receiver);
    return (error) => {
      if (connection.serves(receiver)) connection.destroy(error);
    };
  }

  /** Closes all connections, also those in use. */
  destroy(): void {
    for (const connection of [...this.#open]) connection.destroy(new Error('the connection was closed here'));
  }

  #place({ protocol, hostname, port }: Origin): Place {
    const name = `${protocol}//${hostname}:${port}`;
    let place = this.#places.get(name);
    if (place === undefined) {
      place = { idle: [], session: undefined };
      this.#places.set(name, place);
    }
    return place;
  }

  #connect(origin: Origin, place: Place): Connection {
    const { idle } = place;
    const connection = new Connection(
      origin,
      this.#options,
      {
        onIdle: (one) => void idle.push(one),
        onClosed: (one) => {
          this.#open.delete(one);
          const at = idle.indexOf(one);
          if (at >= 0) idle.splice(at, 1);
        },
        onSession: (session) => {
          place.session = session;
        },
      },
      place.session,
    );
    this.#open.add(connection);
    return connection;
  }
}
