/**
 * One simulation: a plan, a world, so many actions of chance, then calm. What came of it is the
 * trace; the same seed gives the same one.
 */
import { actions } from "./actions.ts";
import { calm } from "./calm.ts";
import { makePlan, type PlanOptions } from "./plan.ts";
import { Chance } from "./prng.ts";
import type { Trace } from "./trace.ts";
import { World } from "./world.ts";

export async function simulate(seed: number, options: PlanOptions = {}): Promise<Trace> {
  const stackDepth = Error.stackTraceLimit;
  // Nobody reads the stacks, and they cost more than all the rest.
  Error.stackTraceLimit = 0;
  const chance = new Chance(seed);
  const world = new World(seed, makePlan(seed, chance, options), chance);
  const onRejection = (reason: unknown): void => {
    world.record({ kind: "broke", reason: `A promise was rejected unseen: ${String(reason)}` });
  };
  process.on("unhandledRejection", onRejection);
  try {
    storm(world);
    calm(world);
    // The platform tells of rejections that nobody saw at the end of its own turn.
    await new Promise<void>((resolve) => void setImmediate(resolve));
  } catch (error) {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    world.record({ kind: "broke", reason: `The simulation broke off: ${text}` });
  } finally {
    process.off("unhandledRejection", onRejection);
    Error.stackTraceLimit = stackDepth;
  }
  return world.toTrace();
}

// ---

function storm(world: World): void {
  const { plan, chance } = world;
  for (let count = 0; count < plan.actions; count++) {
    if (world.living.length === 0) world.boot();
    // One that makes no sense now is drawn again, a few times.
    for (let tries = 0; tries < 4; tries++) {
      if (actions[chance.weighted(plan.weights)](world)) break;
    }
    if (!chance.happens(plan.burst)) world.settle();
  }
}
