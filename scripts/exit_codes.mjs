// @ts-check

/** How a check says that it cannot run on this machine (the convention of GNU Automake). */
export const SKIPPED = 77
