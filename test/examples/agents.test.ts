/**
 * Shapes that agents come in, each as one would write it, and each killed wherever it can be. What
 * stands for a model answers from a table.
 */
import { expect, test } from "bun:test";
import {
  collect,
  defineEvent,
  HumanResponseEvent,
  InputRequiredEvent,
  StartEvent,
  StopEvent,
  Workflow,
  WorkflowServer,
} from "workflows-server";
import { chaos } from "workflows-server/testing";
import * as v from "valibot";

const Token = defineEvent("Token", { text: v.string() });

// A loop: the model asks for tools until it has an answer. What was said stands in the state.

const Turn = defineEvent("Turn");
const Call = defineEvent("Call", { tool: v.string(), args: v.array(v.number()) });

const tools: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  multiply: (a, b) => a * b,
};

type Reply = { readonly tool: string; readonly args: number[] } | { readonly answer: string };

function askModel(history: readonly string[]): Reply {
  const said = history.filter((line) => line.startsWith("tool: "));
  const script: Reply[] = [
    { tool: "add", args: [2, 3] },
    { tool: "multiply", args: [5, 4] },
  ];
  return script[said.length] ?? { answer: `It is ${said.at(-1)?.slice(6)}.` };
}

const react = new Workflow({
  description: "Reasons and acts in turns, and remembers the conversation.",
  state: { history: v.optional(v.array(v.string()), []) },
})
  .step("listen", { accepts: [StartEvent], emits: [Turn] }, async (ev, ctx) => {
    await ctx.store.edit((state) => state.history.push(`user: ${ev.data["question"]}`));
    return Turn();
  })
  .step("think", { accepts: [Turn], emits: [Call, StopEvent] }, async (_ev, ctx) => {
    const history = await ctx.store.get("history");
    // Journaled: after a crash, the model is not asked, nor paid, again.
    const reply = await ctx.run("model", () => askModel(history));
    if ("tool" in reply) return Call(reply);
    ctx.writeEventToStream(Token({ text: reply.answer }));
    return StopEvent({ result: reply.answer });
  })
  .step("act", { accepts: [Call], emits: [Turn] }, async ({ data: { tool, args } }, ctx) => {
    const result = tools[tool]?.(args[0] ?? 0, args[1] ?? 0) ?? `there is no ${tool}`;
    await ctx.store.edit((state) => state.history.push(`tool: ${result}`));
    return Turn();
  });

// A fan-out with people in it: each mail goes its own way, and the last one home ends the run.

const Inbox = StartEvent.extend("Inbox", { subjects: v.array(v.string()) });
const Mail = defineEvent("Mail", { id: v.number(), subject: v.string() });
const Draft = defineEvent("Draft", { id: v.number(), text: v.string() });
const Filed = defineEvent("Filed", { id: v.number(), how: v.string() });
const Review = InputRequiredEvent.extend("Review", { id: v.number(), text: v.string() });
const Verdict = HumanResponseEvent.extend("Verdict", { id: v.number(), ok: v.boolean() });

const triage = new Workflow({ description: "Answers mails, once somebody has agreed." })
  .step("open", { accepts: [Inbox], emits: [Mail] }, (ev) =>
    ev.data.subjects.map((subject, id) => Mail({ id, subject })),
  )
  .step("sort", { accepts: [Mail], emits: [Draft, Filed] }, ({ data: { id, subject } }) =>
    subject.includes("prize")
      ? Filed({ id, how: "binned" })
      : Draft({ id, text: `Re: ${subject}` }),
  )
  .step(
    "review",
    { accepts: [Draft], emits: [Filed], waits: [Verdict], prompts: [Review] },
    async ({ data: { id, text } }, ctx) => {
      const verdict = await ctx.waitForEvent(Verdict, {
        prompt: Review({ id, text }),
        where: { id },
      });
      return Filed({ id, how: verdict.data.ok ? "sent" : "dropped" });
    },
  )
  .step("close", { accepts: [collect(Filed)], emits: [StopEvent] }, (filed) =>
    StopEvent({ result: Object.fromEntries(filed.map(({ data }) => [data.id, data.how])) }),
  );

// A critic: what the model makes is checked, and goes back with what is wrong, some times.

const Task = StartEvent.extend("Task", { text: v.string(), tries: v.optional(v.number(), 3) });
const Attempt = defineEvent("Attempt", { output: v.string(), text: v.string() });
const Objection = defineEvent("Objection", { why: v.string(), text: v.string() });
const Extracted = StopEvent.extend("Extracted", { value: v.unknown(), tries: v.number() });

const reflect = new Workflow({
  state: { tries: v.optional(v.number(), 0), most: v.optional(v.number(), 0) },
})
  .step("extract", { accepts: [Task, Objection], emits: [Attempt] }, async (ev, ctx) => {
    if (Task.is(ev)) await ctx.store.set("most", ev.data.tries);
    const tries = await ctx.store.edit((state) => (state.tries += 1));
    const output = tries < 3 ? "{" : `{"words": ${ev.data.text.split(" ").length}}`;
    return Attempt({ output, text: ev.data.text });
  })
  .step("check", { accepts: [Attempt], emits: [Objection, Extracted] }, async (ev, ctx) => {
    const { tries, most } = await ctx.store.get();
    try {
      return Extracted({ value: JSON.parse(ev.data.output), tries });
    } catch (error) {
      if (tries === most) return Extracted({ value: null, tries });
      ctx.writeEventToStream(Token({ text: "Once more." }));
      return Objection({ why: String(error), text: ev.data.text });
    }
  });

// A planner: rounds of work in parallel, until the plan has nothing left.

const Goal = StartEvent.extend("Goal", { rounds: v.number() });
const Piece = defineEvent("Piece", { name: v.string() });
const Finding = defineEvent("Finding", { name: v.string() });
const Round = defineEvent("Round", { findings: v.array(v.string()), left: v.number() });

const piecesOf = (round: number) =>
  Array.from({ length: round + 1 }, (_, index) => Piece({ name: `${round}.${index}` }));

const research = new Workflow({ state: { left: v.optional(v.number(), 0) } })
  .step("plan", { accepts: [Goal, Round], emits: [Piece, StopEvent] }, async (ev, ctx) => {
    const left = Goal.is(ev) ? ev.data.rounds : ev.data.left;
    if (Round.is(ev) && left === 0) return StopEvent({ result: ev.data.findings });
    await ctx.store.set("left", left - 1);
    return piecesOf(left);
  })
  .step("work", { accepts: [Piece], emits: [Finding], workers: 8 }, (ev) => Finding(ev.data))
  .step("sum_up", { accepts: [collect(Finding)], emits: [Round] }, async (findings, ctx) =>
    Round({ findings: findings.map(({ data }) => data.name), left: await ctx.store.get("left") }),
  );

test("agents come to their answers over HTTP, and remember", async () => {
  await using server = new WorkflowServer({ store: "memory" })
    .addWorkflow("react", react, { additionalEvents: [Token] })
    .addWorkflow("triage", triage)
    .addWorkflow("reflect", reflect)
    .addWorkflow("research", research);
  const ask = (path: string, body: unknown): Promise<Response> =>
    server.fetch(
      new Request(`http://localhost${path}`, { method: "POST", body: JSON.stringify(body) }),
    );
  const run = async (name: string, start_event: object, handler_id = name): Promise<unknown> => {
    const response = await ask(`/workflows/${name}/run`, { start_event, handler_id });
    return (await response.json()).result.value;
  };
  const question = { question: "What is (2 + 3) * 4?" };
  expect(await run("react", question)).toEqual({ result: "It is 20." });
  // The same conversation goes on: the model has both results before it.
  expect(await run("react", question)).toEqual({ result: "It is 20." });
  expect(await run("reflect", { text: "three short words" })).toEqual({
    value: { words: 3 },
    tries: 3,
  });
  expect(await run("reflect", { text: "x", tries: 2 }, "hasty")).toEqual({ value: null, tries: 2 });
  expect(await run("research", { rounds: 2 })).toEqual({ result: ["1.0", "1.1"] });

  const start_event = { subjects: ["hello", "a prize!", "offer"] };
  await ask("/workflows/triage/run-nowait", { handler_id: "mails", start_event });
  for (const value of [
    { id: 2, ok: false },
    { id: 0, ok: true },
  ]) {
    await ask("/events/mails", { event: { type: "Verdict", value } });
  }
  const path = "/events/mails?after_sequence=-1&sse=false";
  const stream = await server.fetch(new Request(`http://localhost${path}`));
  const last = JSON.parse((await stream.text()).trim().split("\n").at(-1) ?? "");
  expect(last.value.result).toEqual({ 0: "sent", 1: "binned", 2: "dropped" });
});

const answers = [Verdict({ id: 0, ok: true }), Verdict({ id: 1, ok: false })];

test.each([
  ["react", () => chaos(react, { input: { question: "?" } })],
  ["triage", () => chaos(triage, { input: { subjects: ["hello", "offer"] }, answers })],
  ["reflect", () => chaos(reflect, { input: { text: "three short words" } })],
  ["research", () => chaos(research, { input: { rounds: 2 } })],
])(
  "%s comes to the same, wherever its process is killed",
  async (_name, run) => {
    const { kills, unsafe } = await run();
    expect(unsafe).toEqual([]);
    expect(kills).toBeGreaterThan(50);
  },
  60_000,
);
