// What each test stands on: a small repository with a bug, folders of its own for Tenfold, the
// real program with its page open, and a scripted model. All of it ends with the test.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import { Model, mends, type React } from "./model";

export const CHECK = "python3 -m unittest -q";
const ENDS_WITHIN_MS = 15_000;

const BUGGY = `"""Numbers about numbers."""


def mean(values):
    """The arithmetic mean."""
    return sum(values) / len(values)


def median(values):
    """The middle value; of an even count, the mean of the two in the middle."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2 == 1:
        return ordered[middle]
    return (ordered[middle] + ordered[middle + 1]) / 2
`;

const TESTS = `"""Tests of stats."""
import unittest

from stats import mean, median


class Stats(unittest.TestCase):
    def test_mean(self):
        self.assertEqual(mean([1, 2, 3]), 2)

    def test_odd(self):
        self.assertEqual(median([3, 1, 2]), 2)

    def test_even(self):
        self.assertEqual(median([4, 1, 2, 3]), 2.5)
`;

export interface Said {
  code: number;
  out: string;
  err: string;
}

/** The program: what `TENFOLD` names, or else what cargo has built for tests. */
export function program(): string {
  const found = process.env.TENFOLD ?? resolve(dirname(fileURLToPath(import.meta.url)), "../../target/debug/tenfold");
  if (!existsSync(found)) throw new Error(`${found} is not there: build it (cargo xtask web, cargo build), or say where it is with TENFOLD`);
  return found;
}

export class Ground {
  readonly dir: string;
  readonly repo: string;
  /** Variables in place of the usual ones; an empty one is not set. */
  readonly variables: Record<string, string> = {};
  private readonly models: Model[] = [];
  private serving: ChildProcess | null = null;
  private port = 0;
  /** Where the page is, once it is open. */
  origin = "";

  private constructor(dir: string | null, named: string) {
    this.dir = dir ?? mkdtempSync(join(tmpdir(), "tenfold-e2e-"));
    this.repo = join(this.dir, named);
  }

  /** In a folder that is not there yet, or else in a new one; `named` is the repository's own. */
  static async make(dir: string | null = null, named = "stats"): Promise<Ground> {
    if (dir && existsSync(dir)) throw new Error(`${dir} is there already`);
    const ground = new Ground(dir, named);
    ground.write("stats.py", BUGGY);
    ground.write("test_stats.py", TESTS);
    await ground.git("init", "-q", "-b", "main");
    await ground.commit("one");
    return ground;
  }

  write(path: string, text: string | Buffer) {
    const file = join(this.repo, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Writes a file of Tenfold's own configuration. */
  configure(name: string, text: string) {
    const file = join(this.dir, "config", name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  async commit(message: string) {
    await this.git("add", "-A");
    await this.git("commit", "-q", "-m", message);
  }

  /** Git as nobody in particular, without anybody's settings. */
  async git(...words: string[]): Promise<string> {
    const said = await ran("git", words, this.repo, this.environment());
    if (said.code !== 0) throw new Error(`git ${words.join(" ")}: ${said.err}`);
    return said.out;
  }

  /** A command of the program, in the repository; throws what it says if it fails. */
  async tenfold(...words: string[]): Promise<string> {
    const said = await ran(program(), words, this.repo, this.environment());
    if (said.code !== 0) throw new Error(`tenfold ${words.join(" ")} ended with ${said.code}: ${said.out}${said.err}`);
    return said.out;
  }

  /** Connects a scripted model, which costs nothing if no price is given. */
  async model(react: React = mends, { name = "far", price = ["--free"] }: { name?: string; price?: string[] } = {}): Promise<Model> {
    const model = await Model.start(react);
    this.models.push(model);
    await this.tenfold("models", "connect", name, "--protocol", "openai", "--address", model.address, "--no-key", ...price);
    return model;
  }

  /** Opens the page, at the same address as before if it was open before. The answer is the
   *  address that it says, with the link in it if it says one. */
  async serve(): Promise<string> {
    const serving = spawn(program(), ["serve", "--listen", `127.0.0.1:${this.port}`], { cwd: this.repo, env: this.environment(), stdio: ["ignore", "pipe", "pipe"] });
    this.serving = serving;
    let err = "";
    serving.stderr.on("data", (part) => (err += String(part)));
    const address = await new Promise<string>((resolve, reject) => {
      createInterface(serving.stdout).once("line", resolve);
      serving.once("exit", (code) => reject(new Error(`tenfold serve ended with ${code}: ${err}`)));
    });
    const { origin, port } = new URL(address);
    this.port = Number(port);
    this.origin = origin;
    return address;
  }

  /** Closes the page: what is at work stops. */
  async close(signal: "SIGINT" | "SIGKILL" = "SIGINT") {
    const serving = this.serving;
    this.serving = null;
    if (!serving || serving.exitCode !== null) return;
    const ended = new Promise((resolve) => serving.once("exit", resolve));
    serving.kill(signal);
    const late = setTimeout(() => serving.kill("SIGKILL"), ENDS_WITHIN_MS);
    await ended;
    clearTimeout(late);
  }

  /** A link that lets somebody in once. */
  async link(name?: string): Promise<string> {
    const said = await this.tenfold("people", "link", ...(name ? [name] : []), "--json");
    return (JSON.parse(said) as { link: string }).link;
  }

  async end() {
    await this.close();
    for (const model of this.models) await model.end();
    rmSync(this.dir, { recursive: true, force: true });
  }

  private environment(): NodeJS.ProcessEnv {
    const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(GIT|TENFOLD|XDG)_/.test(name)));
    const folders = Object.fromEntries(["DATA", "CACHE", "CONFIG"].map((name) => [`TENFOLD_${name}_DIR`, join(this.dir, name.toLowerCase())]));
    const ada = Object.fromEntries(["AUTHOR", "COMMITTER"].flatMap((role) => [[`GIT_${role}_NAME`, "Ada"], [`GIT_${role}_EMAIL`, "ada@example.invalid"]]));
    const all: Record<string, string | undefined> = {
      ...own, ...folders, ...ada,
      HOME: this.dir, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1",
      // Nobody's keyring is looked into, and no embedded model is brought.
      DBUS_SESSION_BUS_ADDRESS: "unix:path=/nowhere",
      TENFOLD_MODEL_PROGRAM: join(dirname(program()), "examples/fake-model"),
      ...this.variables,
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
  }
}

function ran(what: string, words: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Said> {
  return new Promise((resolve) => {
    execFile(what, words, { cwd, env, maxBuffer: 64 * 1024 * 1024 }, (error, out, err) => {
      const code = error ? (typeof error.code === "number" ? error.code : 1) : 0;
      resolve({ code, out, err });
    });
  });
}
