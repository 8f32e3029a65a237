// The time, for what is shown relative to it: one timer for the whole page.
class Now {
  ms = $state(Date.now());
  constructor() {
    setInterval(() => {
      if (!document.hidden) this.ms = Date.now();
    }, 5_000);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.ms = Date.now();
    });
  }
}
export const now = new Now();
