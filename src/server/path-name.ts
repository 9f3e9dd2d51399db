/**
 * Names that become a segment of a path: of workflows, and of handlers where a caller picks one. A
 * name that no request could reach is refused when it is given, not met as a 404 for ever.
 */

import * as v from "valibot";

import { handlerIdLengthMax } from "../base/limits.ts";

/** The id of a handler in a body. */
export const handlerIdSchema: v.GenericSchema<string> = v.pipe(
  v.string(),
  v.maxLength(handlerIdLengthMax),
  v.rawCheck(({ dataset, addIssue }) => {
    const problem = dataset.typed && pathNameProblem(dataset.value, handlerIdLengthMax);
    if (problem) addIssue({ message: `Expected an id ${problem}` });
  }),
);

/** What is wrong with a name, after "Expected … to be"; undefined if nothing is. */
export function pathNameProblem(name: string, lengthMax: number): string | undefined {
  if (name.length > lengthMax) return `at most ${lengthMax} characters long, got ${name.length}`;
  if (!name.isWellFormed()) return "well-formed Unicode, got a lone surrogate";
  if (/\p{Cc}/u.test(name)) return "without control characters, got some";
  // URL parsers take these for steps through folders, encoded or not, and the router for an attack.
  if (/(?:^|[/\\])\.\.?(?:[/\\]|$)/.test(name)) return "a name, got a path with `.` or `..` in it";
  return undefined;
}
