// Who is signed in, and what they may do.
import type { Access, Session } from "./types";

const ORDER: Access[] = ["viewer", "reviewer", "operator", "admin"];

class SessionState {
  /** `undefined` until it is known. */
  now = $state.raw<Session | null | undefined>(undefined);

  /** Whether somebody was signed in and no longer is, without having left. */
  ended = $state(false);

  /** What is said to whoever signs in next. */
  said = $state<string | null>(null);

  /** The session ended on the server's side. */
  lost() {
    this.ended = !!this.now;
    this.now = null;
  }

  /** Somebody signed out; `said` is what they should know before they sign in again. */
  left(said: string | null = null) {
    this.now = null;
    this.ended = false;
    this.said = said;
  }

  /** Whether the one who is signed in may do what `needs` that access. */
  may(needs: Access): boolean {
    const access = this.now?.person.access;
    return access !== undefined && ORDER.indexOf(access) >= ORDER.indexOf(needs);
  }

  /** Why not, or null where they may. */
  whyNot(needs: Access): string | null {
    if (this.may(needs)) return null;
    return `This needs the access of ${needs === "operator" || needs === "admin" ? "an" : "a"} ${needs}; you are signed in as ${this.now?.person.access ?? "nobody"}.`;
  }

  /** The same of what concerns all accounts, which only they may who see all of them. */
  whyNotAll(needs: Access): string | null {
    const barred = this.whyNot(needs);
    if (barred || !this.now || this.now.person.sees_all) return barred;
    return `This is of all accounts, and you see ${this.now.person.account_path} with those below it.`;
  }
}

export const session = new SessionState();
