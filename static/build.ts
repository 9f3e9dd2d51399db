/**
 * Bundles the page: one script, one style sheet, and the document that names them. In a checkout
 * the server does it in memory; `bun static/build.ts` writes `static/dist/page.json`, which the
 * package and binaries carry, so that they need none of the page's own dependencies.
 */
import { join } from "node:path";

export interface BuiltFile {
  readonly path: string;
  readonly type: string;
  readonly body: string;
}

export async function buildPage(): Promise<readonly BuiltFile[]> {
  const folder = import.meta.dir;
  const [script, style] = await Promise.all([
    bundle(join(folder, "main.tsx")),
    bundle(join(folder, "style/index.css")),
  ]);
  const html = await Bun.file(join(folder, "index.html")).text();
  return [
    { path: "/", type: "text/html; charset=utf-8", body: html },
    { path: "/start.css", type: "text/css; charset=utf-8", body: style },
    { path: "/start.js", type: "text/javascript; charset=utf-8", body: script },
  ];
}

async function bundle(entry: string): Promise<string> {
  const { outputs, logs, success } = await Bun.build({
    entrypoints: [entry],
    target: "browser",
    minify: true,
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const [output] = outputs;
  if (!success || !output) throw new Error(`The page cannot be built: ${logs.join("\n")}`);
  return output.text();
}

if (import.meta.main) {
  const files = await buildPage();
  const path = join(import.meta.dir, "dist/page.json");
  await Bun.write(path, JSON.stringify({ files }));
}
