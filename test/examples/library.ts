// library.ts: the same workflows without a server, in any program.
import { collect, defineEvent, StartEvent, StopEvent, Workflow } from "workflows-server";
import * as v from "valibot";

const Text = StartEvent.extend("Text", { text: v.string() });
const Word = defineEvent("Word", { word: v.string() });
const Length = defineEvent("Length", { word: v.string(), length: v.number() });
const Counted = StopEvent.extend("Counted", { longest: v.string() });

const longestWord = new Workflow()
  .step("split", { accepts: [Text], emits: [Word] }, ({ data }) =>
    data.text.split(" ").map((word) => Word({ word })),
  )
  .step("measure", { accepts: [Word], emits: [Length] }, ({ data: { word } }, ctx) => {
    const length = Length({ word, length: word.length });
    ctx.writeEventToStream(length);
    return length;
  })
  .step("pick", { accepts: [collect(Length)], emits: [Counted] }, (lengths) => {
    const [first] = lengths.toSorted((a, b) => b.data.length - a.data.length);
    return Counted({ longest: first?.data.word ?? "" });
  });

const run = longestWord.run({ text: "steps accept and emit events" });
for await (const event of run) console.log(event.type, JSON.stringify(event.data));
const { data } = await run;
console.log(`The longest word is "${data.longest}".`);
