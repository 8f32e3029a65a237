// What can be done with many tasks at once, and what takes it back.
import { post } from "../lib/api";
import { plural } from "../lib/format";
import { needsFiles } from "../lib/refusals";
import { toasts } from "../lib/toasts.svelte";
import type { Access, BulkAnswer, Card, Verb } from "../lib/types";
import type { IconName } from "../parts/Icon.svelte";

export interface BulkVerb {
  verb: Verb;
  title: string;
  done: string;
  icon: IconName;
  needs: Access;
  fits: (card: Card) => boolean;
  body: unknown;
  /** The verb that takes it back. */
  back: Verb | null;
  danger?: boolean;
}

export const BULK: BulkVerb[] = [
  { verb: "begin", title: "Begin", done: "Begun", icon: "play", needs: "operator", fits: (card) => card.state === "queued", body: {}, back: "stop" },
  { verb: "pause", title: "Pause", done: "Paused", icon: "pause", needs: "operator", fits: (card) => card.column === "working" && !card.paused, body: {}, back: "resume" },
  { verb: "resume", title: "Resume", done: "Resumed", icon: "play", needs: "operator", fits: (card) => card.paused, body: {}, back: "pause" },
  { verb: "stop", title: "Stop", done: "Stopped", icon: "stop", needs: "operator", fits: (card) => card.column === "working" || card.column === "needs-you", body: {}, back: "begin", danger: true },
  { verb: "accept", title: "Accept as branches", done: "Accepted", icon: "check", needs: "reviewer", fits: (card) => card.state === "to-review", body: { how: "branch", name: null }, back: "undo" },
  { verb: "undo", title: "Take back", done: "Taken back", icon: "undo", needs: "reviewer", fits: (card) => card.column === "done", body: {}, back: null },
];

/** Does `verb` with all of `tasks`, says what came of it, and offers the way back. */
export async function bulk(verb: BulkVerb, tasks: number[]) {
  try {
    const answers = await post<BulkAnswer[]>("/bulk", { tasks, verb: verb.verb, body: verb.body });
    const done = answers.filter(({ problem }) => !problem).map(({ task }) => task);
    const left = answers.find(({ problem }) => problem);
    const { back } = verb;
    const undo = back && done.length > 0 ? () => post("/bulk", { tasks: done, verb: back, body: {} }).then(() => undefined) : null;
    const rest = answers.length - done.length;
    const files = verb.verb === "accept" && answers.some(({ problem }) => problem && needsFiles(problem.what));
    const way = files ? " Open such a task to accept it into the files." : "";
    const why = left?.problem ? `; not ${rest === 1 ? `#${left.task}` : `${rest} others`}: ${left.problem.what}.${way}` : ".";
    toasts.say(`${verb.done}: ${plural(done.length, "task")}${why}`, undo);
  } catch (thrown) {
    toasts.problem(thrown);
  }
}
