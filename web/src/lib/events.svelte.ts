// What happens on the server, as it happens. Browsers allow few connections to one server, so
// all tabs share one stream: whichever tab holds the lock reads it and passes it on.
import { asProblem, get } from "./api";
import { session } from "./session.svelte";
import type { Card, Progress } from "./types";

export type Happened =
  | { event: "task"; seq: number; card: Card }
  | { event: "ledger"; seq: number }
  | { event: "people"; seq: number }
  /** All before this place has been told. */
  | { event: "upto"; seq: number }
  | { event: "progress"; progress: Progress }
  /** Too much happened, or the line was down: read again what is shown. */
  | { event: "reset"; seq: number };

/** Between tabs. `at` is the place in the journal up to which all has been told. */
type Message = { happened: Happened; at: number } | { state: Line; at: number } | { ask: true };
export type Line = "connecting" | "live" | "offline";

const LOCK = "tenfold.events";
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

class Events {
  line = $state<Line>("connecting");
  private listeners = new Set<(happened: Happened) => void>();
  private channel: BroadcastChannel | null = null;
  private source: EventSource | null = null;
  /** Up to here all has been told; a task's event alone says nothing of what comes beside it. */
  private seq = 0;
  private wait_ms = FIRST_WAIT_MS;
  private stop: (() => void) | null = null;
  private leads = false;

  /** Calls `listener` with all that happens, until the answer is called. */
  on(listener: (happened: Happened) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Begins, once somebody is signed in. */
  start() {
    if (this.stop) return;
    const ended = new AbortController();
    this.stop = () => ended.abort();
    this.channel = new BroadcastChannel(LOCK);
    this.channel.onmessage = ({ data }: MessageEvent<Message>) => this.heard(data);
    this.channel.postMessage({ ask: true } satisfies Message);
    // Locks exist on HTTPS and on loopback only; without them each tab reads for itself.
    if (!navigator.locks) return this.lead(ended.signal);
    navigator.locks
      .request(LOCK, { signal: ended.signal }, () => this.leadUntil(ended.signal))
      .catch(() => undefined);
  }

  /** Ends, as somebody signed out. */
  end() {
    this.stop?.();
    this.stop = null;
    this.leads = false;
    this.source?.close();
    this.channel?.close();
    this.channel = null;
    // Somebody else may sign in, who is told other things.
    this.seq = 0;
    this.line = "connecting";
  }

  private leadUntil(signal: AbortSignal): Promise<void> {
    this.lead(signal);
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
  }

  private lead(signal: AbortSignal) {
    if (signal.aborted) return;
    this.leads = true;
    const source = new EventSource(`/api/v1/events${this.seq > 0 ? `?past=${this.seq}` : ""}`);
    this.source = source;
    source.onopen = () => {
      this.wait_ms = FIRST_WAIT_MS;
      // What was read before the line was there may be older than its beginning.
      if (this.seq === 0) this.tell({ event: "reset", seq: 0 });
      this.say("live");
    };
    source.onerror = () => {
      this.say("offline");
      source.close();
      // The line also breaks when the session ends, and then there is nothing to wait for.
      get("/session").catch((thrown: unknown) => asProblem(thrown).kind === "signed-out" && session.lost());
      setTimeout(() => this.lead(signal), this.wait_ms);
      this.wait_ms = Math.min(this.wait_ms * 2, LONGEST_WAIT_MS);
    };
    for (const name of ["task", "progress", "upto", "ledger", "people", "reset"] as const) {
      source.addEventListener(name, (event) => this.came(name, event as MessageEvent<string>));
    }
  }

  private came(name: Happened["event"], event: MessageEvent<string>) {
    const data: unknown = JSON.parse(event.data);
    this.reached(Number(event.lastEventId));
    if (name === "progress") {
      for (const progress of [data as Progress | Progress[]].flat()) this.tell({ event: name, progress });
    } else this.tell({ event: name, ...(data as object) } as Happened);
  }

  /** A place that is none, as before the first, is not gone back to. */
  private reached(seq: number) {
    if (seq > 0) this.seq = seq;
  }

  private say(line: Line) {
    this.line = line;
    this.channel?.postMessage({ state: line, at: this.seq } satisfies Message);
  }

  private tell(happened: Happened) {
    this.channel?.postMessage({ happened, at: this.seq } satisfies Message);
    this.hand(happened);
  }

  private heard(message: Message) {
    if (this.leads) {
      if ("ask" in message) this.say(this.line);
      return;
    }
    if ("ask" in message) return;
    this.reached(message.at);
    if ("state" in message) this.line = message.state;
    else this.hand(message.happened);
  }

  private hand(happened: Happened) {
    for (const listener of this.listeners) listener(happened);
  }
}

export const events = new Events();
