/** All laws, by name, and the judgement of a trace by them. */
import * as engine from "./engine-laws.ts";
import * as forks from "./fork-laws.ts";
import * as laws from "./laws.ts";
import { engineIsAsTheModel } from "./model/law.ts";
import * as leaving from "./leaving-laws.ts";
import * as promises from "./promises.ts";
import * as recovery from "./recovery-laws.ts";
import * as steps from "./step-laws.ts";
import { tell } from "./story.ts";
import type { Trace } from "./trace.ts";

export interface Breach {
  readonly law: string;
  readonly reason: string;
}

/** Those that say the most come first. */
const book: readonly (readonly [name: string, law: laws.Law])[] = [
  ["nothing broke", promises.nothingBroke],
  ["state is JSON", laws.stateIsJson],
  ["replay is live", laws.replayIsLive],
  ["jobs are in one place", laws.jobsAreInOnePlace],
  ["workers are used", laws.workersAreUsed],
  ["invariants hold", engine.invariantsHold],
  ["policies are kept", laws.policiesAreKept],
  ["feed is complete", laws.feedIsComplete],
  ["the end is one", laws.endIsOne],
  ["the end is final", laws.endIsFinal],
  ["resume is outstanding", laws.resumeIsOutstanding],
  ["stale epochs are refused", laws.staleEpochsAreRefused],
  ["readers see all", laws.readersSeeAll],
  ["steps run when told", steps.stepsRunWhenTold],
  ["steps are heard", steps.stepsAreHeard],
  ["steps fail for a reason", steps.stepsFailForAReason],
  ["refusals have codes", promises.refusalsHaveCodes],
  ["effects are kept", steps.effectsAreKept],
  ["everything ends", laws.everythingEnds],
  ["granted is stored", promises.grantedIsStored],
  ["ends are told", promises.endsAreTold],
  ["timers are never early", promises.timersAreNeverEarly],
  ["time goes on", promises.timeGoesOn],
  ["facts count once", engine.factsCountOnce],
  ["nobody answers unasked", engine.nobodyAnswersUnasked],
  ["catches are counted", engine.catchesAreCounted],
  ["events reach their takers", engine.eventsReachTheirTakers],
  ["joins lose nothing", engine.joinsLoseNothing],
  ["joins know the end", engine.joinsKnowTheEnd],
  ["early events arrive", engine.earlyEventsArrive],
  ["buffers add up", engine.buffersAddUp],
  ["asking is seen", engine.askingIsSeen],
  ["results are right", promises.resultsAreRight],
  ["children are shown", promises.childrenAreShown],
  ["children end with parents", promises.childrenEndWithParents],
  ["turns are waited for", promises.turnsAreWaitedFor],
  ["repeats start nothing", promises.repeatsStartNothing],
  ["forks begin alike", promises.forksBeginAlike],
  ["forks are as asked", forks.forksAreAsAsked],
  ["handlers have one run", forks.handlersHaveOneRun],
  ["origins are left alone", forks.originsAreLeftAlone],
  ["only what has ended goes", leaving.onlyEndedGoes],
  ["what goes goes whole", leaving.goesWhole],
  ["what need not be kept goes in time", leaving.goesInTime],
  ["followers know the newest", leaving.followersKnowTheNewest],
  ["readers see one run", leaving.readersSeeOneRun],
  ["rest is known", promises.restIsKnown],
  ["what rests leaves memory", promises.restLeavesMemory],
  ["snapshots are true", promises.snapshotsAreTrue],
  ["snapshots are in time", promises.snapshotsAreInTime],
  ["progress is told", promises.progressIsTold],
  ["quarantine is earned", recovery.quarantineIsEarned],
  ["blame is exact", recovery.blameIsExact],
  ["only suspects wait", recovery.onlySuspectsWait],
  ["outages end", recovery.outagesEnd],
  ["closed is closed", promises.closedIsClosed],
  ["the engine is as the model", engineIsAsTheModel],
];

export function judge(trace: Trace): readonly Breach[] {
  try {
    const story = tell(trace);
    return book.flatMap(([name, law]) => {
      const reason = law(story);
      return reason === undefined ? [] : [{ law: name, reason }];
    });
  } catch (error) {
    return [{ law: "the trace makes sense", reason: String(error) }];
  }
}
