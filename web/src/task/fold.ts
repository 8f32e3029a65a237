// How steps are folded: what people and models say stands by itself, as in a conversation; what
// was done in between is one line for each run of the same phase.
import type { Phase, Step } from "../lib/types";
import type { IconName } from "../parts/Icon.svelte";

export interface Group {
  key: number;
  phase: Phase;
  says: boolean;
  steps: Step[];
}

export const PHASES: Record<Phase, { title: string; icon: IconName }> = {
  setup: { title: "Prepared", icon: "settings" },
  read: { title: "Read", icon: "file" },
  check: { title: "Checked", icon: "check" },
  think: { title: "Thought", icon: "ask" },
  tool: { title: "Changed", icon: "fork" },
  command: { title: "Ran", icon: "terminal" },
  egress: { title: "Network", icon: "globe" },
  person: { title: "A person", icon: "person" },
  proposal: { title: "Proposed", icon: "bolt" },
  end: { title: "Ended", icon: "stop" },
};

export function folded(steps: readonly Step[]): Group[] {
  const groups: Group[] = [];
  for (const step of steps) {
    const says = !!step.text && (step.phase === "think" || step.phase === "person");
    const last = groups.at(-1);
    if (!says && last && !last.says && last.phase === step.phase) last.steps.push(step);
    else groups.push({ key: step.index, phase: step.phase, says, steps: [step] });
  }
  return groups;
}
