// The pages: where each is, what it is called, and its code, which is fetched when it is first
// shown. A new page is one line here.
import type { Component } from "svelte";
import type { IconName } from "../parts/Icon.svelte";

export interface Page {
  /** The address begins with this. */
  at: string;
  title: string;
  /** Shown in the navigation with this picture; pages without one are reached otherwise. */
  icon?: IconName;
  /** The key after `g`. */
  key?: string;
  load: () => Promise<{ default: Component }>;
}

export const pages: Page[] = [
  { at: "/", title: "Board", icon: "board", key: "b", load: () => import("../pages/Board.svelte") },
  { at: "/tasks/", title: "Task", load: () => import("../pages/Task.svelte") },
  { at: "/new", title: "New work", icon: "plus", key: "n", load: () => import("../pages/NewWork.svelte") },
  { at: "/plan", title: "Plan", icon: "plan", key: "p", load: () => import("../pages/Plan.svelte") },
  { at: "/compute", title: "Compute", icon: "compute", key: "c", load: () => import("../pages/Compute.svelte") },
  { at: "/coworkers", title: "Coworkers", icon: "people", key: "w", load: () => import("../pages/Coworkers.svelte") },
  { at: "/settings", title: "Settings", icon: "settings", key: "s", load: () => import("../pages/Settings.svelte") },
];

/** The page at `path`, if there is one. */
export function pageAt(path: string): Page | undefined {
  return pages.find(({ at }) => {
    if (at === "/") return path === "/";
    return at.endsWith("/") ? path.startsWith(at) && path.length > at.length : path === at || path.startsWith(`${at}/`);
  });
}
