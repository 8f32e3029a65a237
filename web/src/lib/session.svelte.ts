// Who is signed in, and what they may do.
import type { Access, Session } from "./types";

const ORDER: Access[] = ["viewer", "reviewer", "operator", "admin"];

class SessionState {
  /** `undefined` until it is known. */
  now = $state.raw<Session | null | undefined>(undefined);

  /** Whether somebody was signed in and no longer is, without having left. */
  ended = $state(false);

  /** The session ended on the server's side. */
  lost() {
    this.ended = !!this.now;
    this.now = null;
  }

  /** Somebody signed out. */
  left() {
    this.now = null;
    this.ended = false;
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
}

export const session = new SessionState();
