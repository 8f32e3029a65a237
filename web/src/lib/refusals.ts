// Refusals that have another way out, told by the server's words: it has no name for them.

/** Whether a branch can't be made where the task works, but its files can be written. */
export const needsFiles = (why: string): boolean => /no branch to make|can't write a branch there/.test(why);
