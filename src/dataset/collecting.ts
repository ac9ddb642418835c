import { END, type Step, Through } from './stage.ts';

/** A stage that holds several elements of its source. When the source fails, those that it holds come first, as if the source had ended, then the failure. */
export abstract class Collecting<S, T> extends Through<S, T> {
  protected ended = false;
  #failure: { readonly error: unknown } | undefined;

  /** The source's next element; END for good once it has ended or failed. */
  protected pull(): Step<S> {
    if (this.ended) return END;
    try {
      const element = this.source.next();
      if (element === END) this.ended = true;
      return element;
    } catch (error) {
      this.#failure = { error };
      this.ended = true;
      return END;
    }
  }

  /** What comes when nothing is held any more. */
  protected finish(): typeof END {
    if (this.#failure !== undefined) throw this.#failure.error;
    return END;
  }
}
