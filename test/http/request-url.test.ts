/** The path that is cut out of a URL is the path that a parser finds in it. */
import { describe, expect, test } from "bun:test";

import { RequestUrl } from "../../src/http/request-url.ts";

const origins = [
  "http://localhost:8080",
  "https://app.example",
  "http://[::1]:9",
  "http://1.2.3.4",
];
const rests = [
  "/",
  "/handlers/x",
  "/handlers/x?limit=1&limit=2",
  "/handlers/x#part?no=query",
  "/?",
  "//evil.example/x",
  "/a%2Fb/%00",
  "/http://localhost:8080/x",
];

describe("a request's URL", () => {
  test("has the path and the query that a parser finds, whichever came before it", () => {
    // Twice each, for an origin that is new and for one that is known.
    for (const origin of [...origins, ...origins].flatMap((each) => [each, each])) {
      for (const rest of rests) {
        const { href, pathname, searchParams } = new URL(origin + rest);
        const url = RequestUrl.of(href);
        expect([href, url?.pathname]).toEqual([href, pathname]);
        expect([href, url?.query.toString()]).toEqual([href, searchParams.toString()]);
      }
    }
  });

  test.each(["/path/alone", "http://[::1/x", "http://%/x", "http://999.1.1.1/../x", ""])(
    "is none: %p",
    (href) => {
      for (const origin of origins) {
        expect(RequestUrl.of(`${origin}/`)).toBeDefined();
        expect(RequestUrl.of(href)).toBeUndefined();
      }
    },
  );
});
