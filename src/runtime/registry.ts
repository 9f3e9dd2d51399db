/** The workflows that runs can be of: those that were added by name, and the children they name. */
import { WorkflowError } from "../base/errors.ts";
import type { AnyWorkflow, Definition } from "../workflow/definition.ts";

export class Registry {
  readonly #byName = new Map<string, Definition>();
  readonly #byWorkflow = new Map<AnyWorkflow, Definition>();

  /** Children whose name another one has. */
  readonly #nameless = new Map<AnyWorkflow, WorkflowError>();

  /** A child goes by its own name where it is added itself, else by its parent's and its title. */
  add(workflow: AnyWorkflow, definition: Definition): void {
    this.#byName.set(definition.name, definition);
    this.#byWorkflow.set(workflow, definition);
    this.#nameless.delete(workflow);
    for (const step of definition.steps.values()) {
      for (const child of step.children) {
        if (this.#byWorkflow.has(child)) continue;
        const name = `${definition.name}.${child.title}`;
        if (this.#byName.has(name)) this.#nameless.set(child, nameTaken(definition.name, name));
        else this.add(child, child.define(name));
      }
    }
  }

  /** Throws `definition_invalid` for two children that go by one name, once all are added. */
  check(): void {
    for (const refusal of this.#nameless.values()) throw refusal;
  }

  get(name: string): Definition | undefined {
    return this.#byName.get(name);
  }

  /** Throws `workflow_not_found`. */
  must(name: string): Definition {
    const definition = this.#byName.get(name);
    if (definition) return definition;
    throw new WorkflowError("workflow_not_found", `Workflow \`${name}\` is not registered.`);
  }

  /** Whether any workflow counts its runs. */
  get isLimited(): boolean {
    return [...this.#byName.values()].some(({ concurrency }) => concurrency !== null);
  }

  of(workflow: AnyWorkflow): Definition | undefined {
    return this.#byWorkflow.get(workflow);
  }
}

// ---

/** What is stored of a run is its workflow's name: one of the two would be taken for the other. */
function nameTaken(parent: string, name: string): WorkflowError {
  return new WorkflowError(
    "definition_invalid",
    `Expected the children of workflow \`${parent}\` to have a name each, but two are called \`${name}\`. Give each its own: \`new Workflow({ name: "…" })\`.`,
  );
}
