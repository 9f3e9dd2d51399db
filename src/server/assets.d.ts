/** Files that are embedded as text, by `import … with { type: "text" }`. */
declare module "*.css" {
  const text: string;
  export default text;
}
declare module "*/start.js" {
  const text: string;
  export default text;
}
