// What exactly waits for leave: the question shows only the beginning of a long call, and somebody
// who allows it should have seen all of it. What is not sure is not picked out: then all calls of
// the turn are shown.
import type { Step } from "../lib/types";

interface Call {
  name: string;
  given: unknown;
}

/** The call that `question` asks leave for, whole; null where the turn that made it is unknown. */
export function waiting(question: string, steps: Step[]): string | null {
  const turn = steps.findLast(({ phase, kind }) => phase === "think" && kind === "turn");
  if (!turn?.detail) return null;
  const calls = turn.detail.split(/\n\n(?=\S)/).map(read);
  const meant = calls.filter((call) => call && isMeant(question, call));
  const [call] = meant;
  if (!call || meant.length > 1) return turn.detail;
  const command = (call.given as { command?: unknown } | null)?.command;
  return call.name === "run" && typeof command === "string" ? command : `${call.name} ${JSON.stringify(call.given, null, 2)}`;
}

/** A call as a step has it: its name, and then its arguments in JSON. */
function read(text: string): Call | null {
  const at = text.indexOf(" ");
  try {
    return { name: text.slice(0, at), given: JSON.parse(text.slice(at)) as unknown };
  } catch {
    return null;
  }
}

/** The question has the call's name and as much of its arguments as is shown there. */
function isMeant(question: string, { name, given }: Call): boolean {
  const begin = `May it call ${name} `;
  const whole = JSON.stringify(given);
  if (!question.startsWith(begin)) return false;
  const rest = question.slice(begin.length);
  const shown = [...whole].slice(0, SHOWN).join("");
  return rest.startsWith(shown);
}

/** So many letters of the arguments stand in the question. */
const SHOWN = 400;
