/** What the engine says of each tick is what the model says of it. */
import type { Law } from "../laws.ts";
import { first } from "../laws.ts";
import type { Scene, Tale } from "../story.ts";
import { take } from "./model.ts";
import { ModelRun } from "./run.ts";

/** The whole state is compared now and then: it costs more than the rest together. */
const stateEvery = 5;

export const engineIsAsTheModel: Law = ({ runs }) => first(runs.values(), differs);

// ---

function differs({ run, definition, scenes }: Tale): string | undefined {
  const model = new ModelRun(definition);
  return first(scenes.entries(), ([index, scene]) => {
    const { tick, before, after, events } = scene;
    const isNews = after !== before || events.length > 0;
    take(model, tick, isNews, after.failure?.message ?? "");
    const isState = index % stateEvery === 0 || index === scenes.length - 1;
    const what = differsIn(model, scene, isState);
    return what && `${run} after tick ${index}, ${tick.kind}: ${what}`;
  });
}

function differsIn(model: ModelRun, scene: Scene, isState: boolean): string | undefined {
  const { events, commands, after, tick } = scene;
  const isFork = tick.kind === "run_forked";
  return (
    difference("events", events, model.events) ??
    // A fork goes on with all that was under way: another law tells what that is.
    (isFork ? undefined : difference("commands", commands, model.commands)) ??
    (isState ? difference("state", after, model.toState()) : undefined)
  );
}

/** The first place in which they differ, and what they have there. */
function difference(path: string, engine: unknown, model: unknown): string | undefined {
  if (Bun.deepEquals(engine, model)) return undefined;
  const names = [engine, model].flatMap((value) =>
    typeof value === "object" && value !== null ? Object.keys(value) : [],
  );
  const inner = first(names, (name) =>
    difference(`${path}.${name}`, fieldOf(engine, name), fieldOf(model, name)),
  );
  return inner ?? `${path} is ${JSON.stringify(engine)}, and not ${JSON.stringify(model)}`;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
