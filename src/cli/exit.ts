/** What the exit codes mean. */
export const EXIT = { done: 0, found: 1, mistake: 2, bug: 3, interrupted: 130 } as const;
