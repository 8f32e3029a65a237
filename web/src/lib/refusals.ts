// Refusals that have another way out here, or are said otherwise than in a terminal, told by the
// server's words: it has no name for them.

/** Whether a branch can't be made where the task works, but its files can be written. */
export const needsFiles = (why: string): boolean => /no branch to make|can't write a branch there/.test(why);

/** Why a task waits, without what would be typed. */
export const waits = (why: string): string => why.replace(/^not started: .* works the backlog/, "not begun yet: begin it, or work the whole backlog from the plan");

/** Why nothing is foretold, for whoever has not heard of trials. */
export function tooLittle(why: string): string {
  const [, have, need] = /^(\d+) trials .*an answer takes (\d+)/.exec(why) ?? [];
  return need ? `It takes ${need} attempts that ended by themselves to foretell anything, of any task. So far there ${have === "1" ? "is one" : `are ${have === "0" ? "none" : have}`}: it comes with the work that you hand out.` : why;
}
