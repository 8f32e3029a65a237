// Notices of the browser: a task needs a person while nobody looks at the page. Only for whoever
// asked for them here, in this browser.
import { events } from "./events.svelte";
import { firstLine } from "./format";
import { route } from "./router.svelte";
import type { Card, Column } from "./types";

const KEY = "tenfold.notices";
const WORDS: Partial<Record<Column, string>> = { "needs-you": "asks you something", "to-review": "is ready to be judged" };

class Notices {
  /** Whether they are wanted; the browser has to allow them, too. */
  wanted = $state(localStorage.getItem(KEY) === "yes");
  allowed = $state<NotificationPermission | "missing">(typeof Notification === "undefined" ? "missing" : Notification.permission);
  /** The tasks that were seen to wait for a person, and for what. */
  private known = new Map<number, Column>();

  /** Asks the browser, which asks the person; call it from a click. */
  async want(yes: boolean) {
    if (yes && this.allowed === "default") this.allowed = await Notification.requestPermission();
    this.wanted = yes && this.allowed === "granted";
    localStorage.setItem(KEY, this.wanted ? "yes" : "no");
  }

  /** Shows them as things happen, until the answer is called. */
  follow(): () => void {
    return events.on((happened) => {
      if (happened.event === "task") this.came(happened.card);
    });
  }

  show(title: string, text: string, tag: string, to: string) {
    const notice = new Notification(title, { body: text, tag, icon: "/mark.svg" });
    notice.onclick = () => {
      focus();
      route.go(to);
      notice.close();
    };
  }

  private came(card: Card) {
    const before = this.known.get(card.task);
    const words = WORDS[card.column];
    if (words) this.known.set(card.task, card.column);
    else this.known.delete(card.task);
    if (!words || before === card.column || !this.wanted || this.allowed !== "granted" || !document.hidden) return;
    // The tag has several tabs show one notice only.
    this.show(`Task ${card.task} ${words}`, firstLine(card.question?.text ?? card.text), `tenfold-${card.task}-${card.column}`, `/tasks/${card.task}`);
  }
}

export const notices = new Notices();
