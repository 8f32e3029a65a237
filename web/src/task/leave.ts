// What a question for leave is about: "May it call run {…}? why". The question shows the first
// letters of the arguments only; the model's turn has all of them.

const ASKED = /^May it call (\S+) (.*)$/s;
// The question cuts at 400 letters, and an ellipsis or the reason may follow.
const SURE = 380;

/** The call in `calls` (each "NAME JSON", an empty line between them) that `question` asks about. */
export function exactCall(question: string, calls: string): string | null {
  const [, name, shown] = ASKED.exec(question.trim()) ?? [];
  if (!name || !shown) return null;
  for (const call of calls.split("\n\n")) {
    if (!call.startsWith(`${name} `)) continue;
    const found = parsed(call.slice(name.length + 1));
    if (!found || !shown.startsWith(JSON.stringify(found).slice(0, SURE))) continue;
    return typeof found.command === "string" ? found.command : JSON.stringify(found, null, 2);
  }
  return null;
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}
