// What a person did, from the call that it was: in words where the call is known.

const TASK: Record<string, string> = {
  begin: "began", steer: "steered", answer: "answered", pause: "paused", resume: "resumed", stop: "stopped",
  budget: "changed the budget of", fork: "forked", comment: "commented on", revise: "had revised",
  accept: "accepted", reject: "rejected", undo: "took back the judgement of",
};
const CALLS: Record<string, string> = {
  "POST /tasks": "handed out a task", "POST /tasks/many": "imported a backlog", "POST /bulk": "did the same to several tasks",
  "POST /accounts": "changed accounts", "POST /people": "changed who may sign in", "POST /keys": "set a key",
  "POST /hooks": "changed web hooks", "POST /backlog/start": "began the backlog", "POST /backlog/stop": "stopped the backlog",
  "POST /session": "signed in", "POST /session/link": "signed in by a link", "DELETE /session": "signed out",
};

/** Null where the call is not known; it is shown as it is, then. */
export function deedWords(what: string): string | null {
  const call = what.replace(" /api/v1", " ").replace("  ", " ");
  const match = /^POST \/tasks\/(\d+)\/([a-z]+)$/.exec(call);
  if (match) {
    const verb = TASK[match[2] ?? ""];
    return verb ? `${verb} task ${match[1]}` : null;
  }
  return CALLS[call] ?? null;
}
