/** What the run in view asks, and the form to answer it. */
import { useSignal } from "@preact/signals";
import type { VNode } from "preact";

import type { Json, JsonObject } from "../../src/client/bodies.ts";
import type { Question } from "../model/questions.ts";
import type { LiveRun } from "../state/live-run.ts";
import { useStore } from "./context.ts";
import { EventForm } from "./event-form.tsx";
import { JsonTree } from "./json-tree.tsx";
import { Select } from "./select.tsx";

const shown = 5;

export function Questions({ run }: { readonly run: LiveRun }): VNode | null {
  const questions = run.openQuestions.value;
  if (questions.length === 0 || run.isReadOnly) return null;
  return (
    <section class="questions" aria-labelledby="questions-title">
      <h2 id="questions-title">
        Waiting for your answer <span class="badge is-asking">{questions.length}</span>
      </h2>
      {questions.slice(0, shown).map((question) => (
        <QuestionCard key={question.id} question={question} run={run} />
      ))}
    </section>
  );
}

// ---

function QuestionCard(props: { readonly question: Question; readonly run: LiveRun }): VNode | null {
  const store = useStore();
  const { question, run } = props;
  const chosen = useSignal(question.answers[0] ?? "");
  const type = run.trace?.definition.eventTypes.get(chosen.value);
  if (!type) return null;
  const { prompt, answers, step } = question;
  const data = (prompt?.data ?? {}) as JsonObject; // Events of a run are JSON.
  const texts = Object.values(data).filter((value) => typeof value === "string");
  const isText = texts.length === 1 && Object.keys(data).length === 1;
  return (
    <div class="question">
      {prompt && isText && <p class="question-text">{texts[0]}</p>}
      {prompt && !isText && <JsonTree value={data as Json} label={prompt.type} />}
      {!prompt && (
        <p class="question-text">
          {step ?? "The run"} waits for {answers.join(" or ")}.
        </p>
      )}
      {answers.length > 1 && (
        <Select
          aria-label="Kind of answer"
          value={chosen.value}
          options={answers}
          onChoose={(value) => (chosen.value = value)}
        />
      )}
      <EventForm
        key={chosen.value}
        schema={type.jsonSchema}
        initial={question.where}
        submitLabel={`Send ${chosen.value}`}
        submitIcon="send"
        onSubmit={(value) => store.send(chosen.value, value, null)}
      />
    </div>
  );
}
