// Short messages about what was just done, with a way back where there is one.
import { asProblem } from "./api";

export interface Toast {
  id: number;
  text: string;
  kind: "done" | "problem";
  advice: string | null;
  undo: (() => void | Promise<void>) | null;
}

const SHOWN_MS = 8_000;

class Toasts {
  all = $state<Toast[]>([]);
  private last = 0;

  /** Says that something was done; `undo` takes it back. */
  say(text: string, undo: Toast["undo"] = null) {
    this.add({ text, kind: "done", advice: null, undo });
  }

  /** Says why something could not be done. */
  problem(thrown: unknown) {
    const problem = asProblem(thrown);
    this.add({ text: problem.message, kind: "problem", advice: problem.advice, undo: null });
  }

  drop(id: number) {
    this.all = this.all.filter((toast) => toast.id !== id);
  }

  clear() {
    this.all = [];
  }

  private add(toast: Omit<Toast, "id">) {
    const id = (this.last += 1);
    this.all = [...this.all, { ...toast, id }].slice(-4);
    setTimeout(() => this.drop(id), toast.kind === "problem" ? SHOWN_MS * 2 : SHOWN_MS);
  }
}

export const toasts = new Toasts();
