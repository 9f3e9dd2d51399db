/** A real browser for the page, and everything that it must not do: noted, for a test to judge. */
import { existsSync, readFileSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

export const hasChromium: boolean = existsSync(executablePath);
if (!hasChromium) {
  console.warn(
    `\n*** NOT TESTED: the page at / in a real browser. There is no ${executablePath}: apt-get install chromium, or set CHROMIUM. ***\n`,
  );
}

export function launch(): Promise<Browser> {
  const flags = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  return chromium.launch({ executablePath, args: flags });
}

export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** Errors of scripts, violations of the CSP, requests to elsewhere. */
  readonly wrongs: string[];
}

export async function visit(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const wrongs: string[] = [];
  page.on("pageerror", (error) => wrongs.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // What the server answers is the matter of each test.
    const text = message.text();
    if (message.type() === "error" && !text.startsWith("Failed to load resource"))
      wrongs.push(text);
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(data|blob|about):/.test(url)) wrongs.push(`request: ${url}`);
  });
  await context.exposeFunction("noteViolation", (text: string) => wrongs.push(`csp: ${text}`));
  await context.addInitScript(
    `addEventListener("securitypolicyviolation", (e) => noteViolation(e.violatedDirective + " " + e.blockedURI))`,
  );
  return { page, wrongs, [Symbol.asyncDispose]: () => context.close() };
}

const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong with the page as it is; `view` names it. */
export async function axe(page: Page, view: string): Promise<readonly string[]> {
  // Into the page by the debugger's protocol, which no CSP is asked about.
  await page.evaluate(axeSource);
  const found = (await page.evaluate(`axe.run({ resultTypes: ["violations"] })`)) as {
    violations: readonly { id: string; nodes: readonly { html: string }[] }[];
  };
  return found.violations.map(({ id, nodes }) => `${view}: ${id}: ${nodes[0]?.html.slice(0, 200)}`);
}
