// From a form to the task that is asked for: what was left empty is left out, so that the role,
// the repository and the house have their say.
import { nanoOf } from "../lib/format";
import type { BacklogFormat, NewTask, Priority, Strategy } from "../lib/house";

export interface Form {
  text: string;
  workspace: string;
  check: string;
  role: string;
  model: string;
  /** Further ones. */
  models: string;
  strategy: "" | Strategy | "repair,loop";
  budget: string;
  minutesMost: string;
  attempts: string;
  bestOf: string;
  setup: string;
  checkSeconds: string;
  mayEdit: string;
  protect: string;
  mcp: string;
  questions: "yes" | "no";
  labels: string;
  priority: Priority;
  value: string;
  minutes: string;
  deadline: string;
  after: string;
  account: string;
  noConfig: boolean;
}

export const EMPTY: Form = {
  text: "",
  workspace: "",
  check: "",
  role: "",
  model: "",
  models: "",
  strategy: "",
  budget: "",
  minutesMost: "",
  attempts: "",
  bestOf: "",
  setup: "",
  checkSeconds: "",
  mayEdit: "",
  protect: "",
  mcp: "",
  questions: "yes",
  labels: "",
  priority: "normal",
  value: "",
  minutes: "",
  deadline: "",
  after: "",
  account: "",
  noConfig: false,
};

export type Wrong = Partial<Record<keyof Form, string>>;

const split = (text: string): string[] => text.split(/[,\n]/).map((one) => one.trim()).filter((one) => one !== "");

/** What of the form can't be meant, by field. */
export function wrong(form: Form): Wrong {
  const found: Wrong = {};
  const amount = (text: string) => text.trim() === "" || nanoOf(text) !== null;
  const whole = (text: string) => text.trim() === "" || (/^\d+$/.test(text.trim()) && Number(text) > 0);
  if (!amount(form.budget)) found.budget = "Write dollars, as in 2.50.";
  if (!amount(form.value)) found.value = "Write dollars, as in 20.";
  if (!whole(form.minutesMost)) found.minutesMost = "Write whole minutes.";
  if (!whole(form.minutes)) found.minutes = "Write whole minutes.";
  if (!whole(form.bestOf)) found.bestOf = "Write a number.";
  if (!whole(form.checkSeconds)) found.checkSeconds = "Write whole seconds.";
  if (form.attempts !== "auto" && !whole(form.attempts)) found.attempts = "Write a number, or auto.";
  if (split(form.after).some((one) => !/^#?\d+$/.test(one))) found.after = "Write numbers of tasks, with commas between them.";
  if (form.deadline !== "" && Number.isNaN(Date.parse(form.deadline))) found.deadline = "Choose a day and a time.";
  return found;
}

/** The task that a form without anything wrong asks for. */
export function asked(form: Form): NewTask {
  const task: NewTask = { text: form.text.trim(), workspace: form.workspace };
  const text = (value: string) => (value.trim() === "" ? undefined : value.trim());
  const nano = (value: string) => nanoOf(value) ?? undefined;
  const number = (value: string) => (value.trim() === "" ? undefined : Number(value));
  const list = (value: string) => (split(value).length > 0 ? split(value) : undefined);
  const timed = (value: string, ms: number) => (value.trim() === "" ? undefined : Number(value) * ms);
  const said: Partial<NewTask> = {
    check: text(form.check),
    role: text(form.role),
    account: text(form.account),
    model: list(`${form.model},${form.models}`),
    strategy: list(form.strategy) as Strategy[] | undefined,
    budget_nano_usd: nano(form.budget),
    time_limit_ms: timed(form.minutesMost, 60_000),
    best_of: number(form.bestOf),
    setup: text(form.setup),
    check_timeout_ms: timed(form.checkSeconds, 1_000),
    may_edit: list(form.mayEdit),
    protect: list(form.protect),
    mcp: list(form.mcp),
    questions: form.questions === "no" ? false : undefined,
    attempts: form.attempts === "auto" ? "auto" : number(form.attempts),
    priority: form.priority === "normal" ? undefined : form.priority,
    value_nano_usd: nano(form.value),
    minutes: number(form.minutes),
    deadline_at_ms: form.deadline === "" ? undefined : Date.parse(form.deadline),
    labels: list(form.labels),
    after: form.after.trim() === "" ? undefined : split(form.after).map((one) => Number(one.replace("#", ""))),
    no_config: form.noConfig || undefined,
  };
  const given = Object.entries(said).filter(([, value]) => value !== undefined);
  return Object.assign(task, Object.fromEntries(given));
}

/** An issue as a task: its first line is what to do, and the rest says more. Marks of headings go. */
export function ofIssue(issue: string): string {
  const [title = "", ...rest] = issue.trim().split("\n");
  const more = rest.join("\n").trim();
  const what = title.replace(/^#+\s*/, "").replace(/^title:\s*/i, "").trim();
  return more === "" ? what : `${what}\n\n${more}`;
}

/** Which form a backlog has, by its name or by how it begins. */
export function formatOf(name: string, text: string): BacklogFormat {
  if (/\.(json|jsonl|ndjson)$/i.test(name)) return "jsonl";
  if (/\.(csv|tsv)$/i.test(name)) return "csv";
  if (/\.(md|markdown)$/i.test(name)) return "markdown";
  const start = text.trimStart();
  if (start.startsWith("{") || start.startsWith("[{")) return "jsonl";
  const first = start.split("\n", 1)[0] ?? "";
  const isTable = /(^|[,;\t])"?(text|title|task|body)"?([,;\t]|$)/i.test(first) && !/^[-*+#]/.test(first);
  return isTable ? "csv" : "markdown";
}
