/** The page as `build.ts` writes it. It is there in a package, and not in a checkout. */
declare module "*/dist/page.json" {
  const page: {
    readonly files: readonly {
      readonly path: string;
      readonly type: string;
      readonly body: string;
    }[];
  };
  export default page;
}
