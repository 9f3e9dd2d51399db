/**
 * The URL of a request. Few need more of it than the path, so that is cut out of the text, and the
 * rest parsed when it is asked for: parsing takes as long as all routing.
 */
export class RequestUrl {
  /** Still encoded. */
  readonly pathname: string;
  readonly #href: string;
  #parsed: URL | undefined;

  private constructor(href: string, pathname: string) {
    this.#href = href;
    this.pathname = pathname;
  }

  /** Undefined if it cannot be parsed. Bun gives a request's URL as a parser would write it. */
  static of(href: string): RequestUrl | undefined {
    if (href.startsWith(provenOrigin)) {
      const path = href.slice(provenOrigin.length - 1);
      const end = path.search(/[?#]/);
      return new RequestUrl(href, end < 0 ? path : path.slice(0, end));
    }
    const url = URL.parse(href);
    if (url) provenOrigin = `${url.origin}/`;
    return url ? new RequestUrl(href, url.pathname) : undefined;
  }

  get parsed(): URL {
    return (this.#parsed ??= new URL(this.#href));
  }

  /** To be read only: all requests without one share it. */
  get query(): URLSearchParams {
    return this.#href.includes("?") ? this.parsed.searchParams : noQuery;
  }
}

// ---

const noQuery = new URLSearchParams();

/** Of the last URL that was parsed. With another path after it, it can be parsed as well. */
let provenOrigin = "http://localhost/";
