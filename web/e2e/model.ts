// A model at a provider, scripted: a server that speaks OpenAI's chat completions, writes down
// what it is asked, and answers what the test says, when the test says so.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface Message {
  role: string;
  content: string | { text?: string }[] | null;
  tool_calls?: { function: { name: string; arguments: string } }[];
}
export interface Asked {
  /** All that was said up to now, calls and what came of them included. */
  text: string;
  /** The last thing that was said to the model. */
  last: string;
  /** Which question this is, from one. */
  number: number;
  /** Names of the tools that it may call. */
  tools: string[];
}
export interface Reply {
  says?: string;
  calls?: [name: string, given: unknown][];
  /** Opened by the test before anything is answered. */
  after?: Gate;
  /** Instead of all that: why nothing is answered. */
  refuses?: string;
}
export type React = (asked: Asked) => Reply;

/** Holds an answer back until the test opens it. */
export class Gate {
  readonly opened: Promise<void>;
  open!: () => void;
  constructor() {
    this.opened = new Promise((resolve) => (this.open = resolve));
  }
}

export class Model {
  readonly asked: Asked[] = [];
  private waiting: { number: number; came: () => void }[] = [];
  private constructor(
    private readonly server: Server,
    private react: React,
  ) {}

  static async start(react: React): Promise<Model> {
    const server = createServer((request, response) => void model.answer(request, response));
    const model = new Model(server, react);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return model;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  /** Answers differently from now on. */
  reacts(react: React) {
    this.react = react;
  }

  /** Until it was asked so many times. */
  async wasAsked(number: number): Promise<void> {
    if (this.asked.length >= number) return;
    await new Promise<void>((came) => this.waiting.push({ number, came }));
  }

  async end(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse) {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    if (!request.url?.endsWith("/chat/completions")) return void response.writeHead(404).end();
    const body = JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>;
    const asked = understood(body, this.asked.length + 1);
    this.asked.push(asked);
    const reply = this.react(asked);
    for (const one of this.waiting.filter(({ number }) => number <= this.asked.length)) one.came();
    await reply.after?.opened;
    if (reply.refuses !== undefined) return void response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ error: { message: reply.refuses, type: "invalid_request_error" } }));
    if (body.stream !== true) return void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(whole(reply, asked)));
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const chunk of chunks(reply, asked)) response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    response.end("data: [DONE]\n\n");
  }
}

function understood(body: Record<string, unknown>, number: number): Asked {
  const words = ({ content, tool_calls }: Message) => {
    const text = typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("");
    return [text, ...(tool_calls ?? []).map((call) => `${call.function.name} ${call.function.arguments}`)].join("\n");
  };
  const said = (body.messages as Message[]).filter(({ role }) => role !== "system" && role !== "developer").map(words);
  const tools = ((body.tools ?? []) as { function: { name: string } }[]).map((tool) => tool.function.name);
  return { text: said.join("\n"), last: said.at(-1) ?? "", number, tools };
}

const USED = { prompt_tokens: 1200, completion_tokens: 80, total_tokens: 1280, prompt_tokens_details: { cached_tokens: 0 } };
const frame = (object: string, number: number) => ({ id: `chatcmpl-${number}`, object, created: 1_760_000_000, model: "far" });
const calls = ({ calls = [] }: Reply, number: number) =>
  calls.map(([name, given], index) => ({ index, id: `call_${number}_${index}`, type: "function", function: { name, arguments: JSON.stringify(given) } }));
const reason = ({ calls }: Reply) => (calls?.length ? "tool_calls" : "stop");

function whole(reply: Reply, { number }: Asked) {
  const message = { role: "assistant", content: reply.says ?? null, ...(reply.calls?.length ? { tool_calls: calls(reply, number) } : {}) };
  return { ...frame("chat.completion", number), choices: [{ index: 0, message, finish_reason: reason(reply) }], usage: USED };
}

function* chunks(reply: Reply, { number }: Asked) {
  const chunk = (delta: unknown, finish_reason: string | null = null) => ({ ...frame("chat.completion.chunk", number), choices: [{ index: 0, delta, finish_reason }], usage: null });
  yield chunk({ role: "assistant", content: reply.says ?? "" });
  for (const call of calls(reply, number)) yield chunk({ tool_calls: [call] });
  yield chunk({}, reason(reply));
  yield { ...frame("chat.completion.chunk", number), choices: [], usage: USED };
}

/** Reads the files, mends the median and says so. */
export function mends({ text }: Asked): Reply {
  const edits = [{ old: "ordered[middle] + ordered[middle + 1]", new: "ordered[middle - 1] + ordered[middle]" }];
  if (text.includes("middle - 1")) return { says: "Done.", calls: [["finish", { summary: "the two in the middle" }]] };
  if (text.includes("ordered[middle + 1]")) return { says: "The index is off by one.", calls: [["edit", { path: "stats.py", edits }]] };
  return { says: "I read the files first.", calls: ["stats.py", "test_stats.py"].map((path): [string, unknown] => ["read", { path }]) };
}
