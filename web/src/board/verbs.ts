// What can be done with many tasks at once, and what takes it back.
import { post } from "../lib/api";
import { plural } from "../lib/format";
import { needsFiles } from "../lib/refusals";
import { toasts } from "../lib/toasts.svelte";
import type { Access, AcceptedOrNot, BulkAnswer, Card, Verb } from "../lib/types";
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
  { verb: "reject", title: "Reject", done: "Rejected", icon: "cross", needs: "reviewer", fits: (card) => card.state === "to-review", body: {}, back: "undo", danger: true },
  { verb: "undo", title: "Take back", done: "Taken back", icon: "undo", needs: "reviewer", fits: (card) => card.column === "done", body: {}, back: null },
];

/** What came of it for one task. */
interface Came { task: number; why: string | null }

/** Proposals on one repository are accepted together, each checked on top of those before it. */
async function acceptedTogether(cards: Card[]): Promise<Came[]> {
  const found: Came[] = [];
  for (const workspace of new Set(cards.map((card) => card.workspace))) {
    const tasks = cards.filter((card) => card.workspace === workspace).map(({ task }) => task).sort((a, b) => a - b);
    const answers = await post<AcceptedOrNot[]>("/accept", { tasks, in_place: false });
    found.push(...answers.map(({ task, accepted, left_out }) => ({ task, why: accepted ? null : (left_out ?? "it does not go together with the others") })));
  }
  return found;
}

async function each({ verb, body }: BulkVerb, cards: Card[]): Promise<Came[]> {
  const answers = await post<BulkAnswer[]>("/bulk", { tasks: cards.map(({ task }) => task), verb, body });
  return answers.map(({ task, problem }) => ({ task, why: problem?.what ?? null }));
}

/** Does `verb` with the tasks of all these cards, says what came of it, and offers the way back. */
export async function bulk(verb: BulkVerb, cards: Card[]) {
  try {
    const answers = await (verb.verb === "accept" && cards.length > 1 ? acceptedTogether(cards) : each(verb, cards));
    const done = answers.filter(({ why }) => why === null).map(({ task }) => task);
    const left = answers.find(({ why }) => why !== null);
    const { back } = verb;
    const undo = back && done.length > 0 ? () => post("/bulk", { tasks: done, verb: back, body: {} }).then(() => undefined) : null;
    const rest = answers.length - done.length;
    const files = verb.verb === "accept" && answers.some(({ why }) => why !== null && needsFiles(why));
    const way = files ? " Open such a task to accept it into the files." : "";
    const why = left ? `; not ${rest === 1 ? `#${left.task}` : `${rest} others`}: ${left.why}.${way}` : ".";
    toasts.say(`${verb.done}: ${plural(done.length, "task")}${why}`, undo);
  } catch (thrown) {
    toasts.problem(thrown);
  }
}
