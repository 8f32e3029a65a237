// Where the page is: the address is the only truth, and the history API changes it.

class Route {
  path = $state(location.pathname);
  search = $state(location.search);
  /** What is looked at, where that says more than the page's name; its page sets and clears it. */
  title = $state<string | null>(null);
  /** The board as it was last seen, with its filters. */
  board = $state("/");

  constructor() {
    this.read();
    addEventListener("popstate", () => this.read());
  }

  read() {
    this.path = location.pathname;
    this.search = location.search;
    if (this.path === "/") this.board = this.path + this.search;
  }

  /** The query, read anew whenever it changes. */
  get query(): URLSearchParams {
    return new URLSearchParams(this.search);
  }

  /** Goes to an address of this page. */
  go(to: string, how: "push" | "replace" = "push") {
    if (to === location.pathname + location.search) return;
    if (how === "push") history.pushState(null, "", to);
    else history.replaceState(null, "", to);
    const moved = location.pathname !== this.path;
    this.read();
    if (moved && how === "push") scrollTo(0, 0);
  }
}

export const route = new Route();

/** Lets links within the page go without loading it anew; give it to `<svelte:document onclick>`. */
export function followed(event: MouseEvent) {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest("a");
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  route.go(link.pathname + link.search);
}
