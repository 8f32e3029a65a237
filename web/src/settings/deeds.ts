// What a person did, from the call that it was: in words where the call is known.

const TASK: Record<string, string> = {
  begin: "began", steer: "steered", answer: "answered", pause: "paused", resume: "resumed", stop: "stopped",
  budget: "changed the budget of", fork: "forked", comment: "commented on", revise: "had revised",
  accept: "accepted", reject: "rejected", undo: "took back the judgement of",
};
const CALLS: Record<string, string> = {
  "POST /tasks": "handed out a task", "POST /tasks/many": "imported a backlog",
  "POST /accounts": "changed accounts", "POST /people": "changed who may sign in", "POST /keys": "set a key",
  "POST /hooks": "changed web hooks", "POST /backlog/start": "began the backlog", "POST /backlog/stop": "stopped the backlog",
  "POST /passkeys": "added a passkey", "POST /session/passkey (copied)": "signed in by a copy of their passkey",
  "POST /backlog": "imported a backlog", "POST /approvals": "approved what a repository proposes", "POST /people/link": "made a link to sign in by", "POST /room": "made room on the disk",
  "POST /session": "signed in", "POST /session/link": "signed in by a link", "DELETE /session": "signed out",
};

/** Whether it was done in the terminal of the machine that Tenfold runs on. */
export const inTerminal = (what: string) => / \/v1\//.test(what);

/** Null where the call is not known; it is shown as it is, then. Of a call about several tasks
    there is a deed for each, which names its `task`. */
export function deedWords(what: string, task: number | null): string | null {
  const call = what.replace(/ (\/api)?\/v1\//, " /");
  const [, model] = /^POST \/models \((.*)\)$/.exec(call) ?? [];
  if (model) return `added the model ${model}`;
  const [, key] = /^DELETE \/keys\/(\w+)$/.exec(call) ?? [];
  if (key) return `forgot the key ${key}`;
  if (call.startsWith("POST /policy (")) return "changed the policy";
  const [, list, done] = /^POST \/prices\/import \((.*), (seen|taken)\)$/.exec(call) ?? [];
  if (list) return `${done === "taken" ? "took in" : "looked at"} the prices of ${list}`;
  const [, , one_model, of_it] = /^(POST|DELETE) \/models\/([^/]+)(\/pull|\/price)?$/.exec(call) ?? [];
  if (one_model) {
    const did = of_it === "/price" ? "set the price of" : !of_it ? "removed the model" : call.startsWith("POST") ? "got the model" : "stopped getting the model";
    return `${did} ${one_model}`;
  }
  const [, number, one] = /^POST \/tasks\/(\d+)\/([a-z]+)$/.exec(call) ?? [];
  const [, together] = /^POST \/bulk \(([a-z]+)\)$/.exec(call) ?? [];
  const verb = TASK[one ?? together ?? (call === "POST /accept" ? "accept" : "")];
  if (!verb) return CALLS[call] ?? null;
  const of = number ?? task;
  const which = of === null ? "tasks" : `task ${of}`;
  return one ? `${verb} ${which}` : `${verb} ${which}, with others`;
}
