const BODIES = [
  { id: "functions", at: { function: "*" } },
  { id: "methods", at: { method: "*" } },
].map((rule) => ({ ...rule, use: "wrap-span", region: "body", span: { name: "{{function}}" } }));

const CALLS = {
  id: "calls",
  use: "wrap-span",
  at: { call: "$callee($$$)" },
  region: "expression",
  span: { name: "call" },
};

/** What is instrumented: every function and method; then every call on top of it. */
export const CONFIGS = {
  functions: { rules: BODIES },
  calls: { rules: [...BODIES, CALLS] },
} as const;

export type ConfigName = keyof typeof CONFIGS;
