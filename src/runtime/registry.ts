/** The workflows that runs can be of: those that were added by name, and the children they name. */
import { WorkflowError } from "../base/errors.ts";
import type { AnyWorkflow, Definition } from "../workflow/definition.ts";

export class Registry {
  readonly #byName = new Map<string, Definition>();
  readonly #byWorkflow = new Map<AnyWorkflow, Definition>();

  /** A child goes by its own name where it is added itself, else by its parent's and its title. */
  add(workflow: AnyWorkflow, definition: Definition): void {
    this.#byName.set(definition.name, definition);
    this.#byWorkflow.set(workflow, definition);
    for (const step of definition.steps.values()) {
      for (const child of step.children) {
        if (this.#byWorkflow.has(child)) continue;
        this.add(child, child.define(`${definition.name}.${child.title}`));
      }
    }
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
