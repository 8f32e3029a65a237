// The focus is never lost: what had it may go with what was done by it, and the page has it then.

/** Keeps the focus in the document, from now on. */
export function keepFocus() {
  let last: EventTarget | null = null;
  addEventListener("focusin", ({ target }) => (last = target));
  const gone = new MutationObserver(() => {
    if (last instanceof Element && !last.isConnected && document.activeElement === document.body) document.getElementById("main")?.focus({ preventScroll: true });
  });
  gone.observe(document, { subtree: true, childList: true });
}
