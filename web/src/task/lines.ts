// A hunk as rows: one line after the other, or the removed beside the added.
import type { DiffFile, DiffLine, Hunk } from "../lib/types";

export interface Row {
  left: DiffLine | null;
  right: DiffLine | null;
}

export function inline(hunk: Hunk): Row[] {
  return hunk.lines.map((line) => (line.kind === "removed" ? { left: line, right: null } : { left: null, right: line }));
}

export function split(hunk: Hunk): Row[] {
  const rows: Row[] = [];
  let removed: DiffLine[] = [];
  let added: DiffLine[] = [];
  const flush = () => {
    for (let at = 0; at < Math.max(removed.length, added.length); at += 1) rows.push({ left: removed[at] ?? null, right: added[at] ?? null });
    removed = [];
    added = [];
  };
  for (const line of hunk.lines) {
    if (line.kind === "removed") removed.push(line);
    else if (line.kind === "added") added.push(line);
    else {
      flush();
      rows.push({ left: line, right: line });
    }
  }
  flush();
  return rows;
}

export interface Leaf {
  file: DiffFile;
  name: string;
}
export interface Folder {
  name: string;
  folders: Folder[];
  leaves: Leaf[];
}

/** The files as a tree; folders that hold only one folder are one line. */
export function tree(files: readonly DiffFile[]): Folder {
  const root: Folder = { name: "", folders: [], leaves: [] };
  for (const file of files) {
    const parts = file.path.split("/");
    const name = parts.pop() ?? file.path;
    let at = root;
    for (const part of parts) {
      let next = at.folders.find((folder) => folder.name === part);
      if (!next) at.folders.push((next = { name: part, folders: [], leaves: [] }));
      at = next;
    }
    at.leaves.push({ file, name });
  }
  root.folders = root.folders.map(joined);
  return root;
}

function joined(folder: Folder): Folder {
  const [only] = folder.folders;
  if (folder.leaves.length === 0 && folder.folders.length === 1 && only) return joined({ ...only, name: `${folder.name}/${only.name}` });
  return { ...folder, folders: folder.folders.map(joined) };
}
