// What hides, moves or turns the text around it makes a command, a name or a line of code look like
// another one. It is shown by its number instead of being obeyed, wherever on the page it stands:
// whatever comes into the document is looked through here, before it is painted, so that no part
// of the page has to think of it. Letters of right-to-left scripts need none of these marks; what
// joins letters and pictures (U+200C, U+200D) stays, and so do line ends and tabs.
const MARKS = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
/** What is read out or shown beside an element. */
const TOLD = ["title", "aria-label", "placeholder"];

/** A mark by its number. */
export const named = (mark: string): string => `⟨U+${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;

export const unmarked = (text: string): string => text.replace(MARKS, named);

/** Has no mark stand in what is below `root`, from now on. */
export function unmark(root: Node) {
  const found = new MutationObserver((changes) => {
    for (const { target, addedNodes, type } of changes) for (const node of type === "childList" ? addedNodes : [target]) look(node);
  });
  found.observe(root, { subtree: true, childList: true, characterData: true, attributeFilter: TOLD });
}

function look(top: Node) {
  const nodes = document.createTreeWalker(top, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node: Node | null = top; node; node = nodes.nextNode()) {
    if (node instanceof Text) {
      const text = unmarked(node.data);
      if (text !== node.data) node.data = text;
    } else if (node instanceof Element) {
      for (const name of TOLD) {
        const said = node.getAttribute(name);
        const text = said && unmarked(said);
        if (text && text !== said) node.setAttribute(name, text);
      }
    }
  }
}
